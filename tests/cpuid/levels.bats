# SPDX-License-Identifier: MIT
# The launcher's level against that of glibc's loader, on this machine and on every processor that qemu knows.
load ../lib/common
load ../lib/glibc

list_models() {
    # the lines are "x86 MODEL .." or, since qemu 9, "  MODEL .."; the exit status is 1
    { qemu-x86_64 -cpu help || true; } | sed -n '/^Recognized CPUID/,$d; s/^x86 \([^ ]*\).*/\1/p; s/^  \([^ ]*\).*/\1/p'
}

# launcher_level MODEL: the level that the launcher finds; nothing if qemu does not start it. To list the variants the
# launcher needs no other program, which qemu would not emulate.
launcher_level() {
    FATELF_AMD64_DEBUG=list qemu-x86_64 -cpu "$1" "$BATS_FILE_TMPDIR/level" 2>&1 |
        sed -n 's/.*this machine is at x86-64-v\([0-4]\)$/\1/p'
}

setup_file() {
    make_level_bundle
}

@test "the launcher and glibc's loader agree on the level of every processor that qemu offers" {
    need qemu-x86_64
    need_glibc
    local models model said ours theirs count=0 differ=
    models=$(list_models)
    for model in $models; do
        # qemu starts nothing on a processor without 64-bit mode, nor on those that stand for the host's
        said=$(qemu-x86_64 -cpu "$model" "$BATS_FILE_TMPDIR/level" 2>&1 </dev/null) || true
        [[ ! $said =~ "not support 64 bit mode"|"unable to find"|"requires KVM" ]] || continue
        ours=$(launcher_level "$model")
        theirs=$(glibc_level qemu-x86_64 -cpu "$model")
        [ "$ours" = "${theirs:-none}" ] || differ+="$model: launcher v$ours, loader v${theirs:-none}"$'\n'
        count=$((count + 1))
    done
    echo "$count models"
    [ "$count" -gt 50 ]
    nothing "$differ"
}

@test "qemu's processors cover v1, v2 and v3" {
    need qemu-x86_64
    [ "$(launcher_level Nehalem)" = 2 ]
    [ "$(launcher_level Haswell)" = 3 ]
    [ "$(launcher_level qemu64)" = 1 ]
}

@test "the tool and the launcher agree on the level of this machine" {
    same "$(machine_level)" "$("$TOOL" cpu | sed -n 's/^level: x86-64-v//p')"
    FATELF_AMD64_DEBUG=list "$BATS_FILE_TMPDIR/level" | finds "this machine is at x86-64-v$(machine_level)\$"
}

@test "the tool and glibc's loader agree on the level of this machine" {
    need_glibc
    same "$(glibc_level)" "$(machine_level)"
}
