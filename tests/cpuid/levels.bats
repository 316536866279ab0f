# SPDX-License-Identifier: MIT
load ../lib/common

# "MODEL LEVEL" for every processor that qemu knows, from the bundle's launcher and from glibc's dynamic loader. With
# list the launcher starts nothing, so that all of what is asked runs under qemu.
models() {
    # "x86 MODEL .." or, since qemu 9, "  MODEL .." up to an empty line
    qemu-x86_64 -cpu help | sed -n '/^Recognized CPUID/q; s/^x86 \([^ ]*\).*/\1/p; s/^  \([^ ]*\).*/\1/p'
}

# qemu starts nothing at all on a processor without 64-bit mode, nor on those that stand for the host's.
is_startable() {
    ! qemu-x86_64 -cpu "$1" "$BATS_FILE_TMPDIR/level" 2>&1 </dev/null | grep -qE "not support 64 bit mode|unable to find|requires KVM"
}

loader_level() {
    local out
    out=$(qemu-x86_64 -cpu "$1" /lib64/ld-linux-x86-64.so.2 --help 2>&1) || true
    # the loader of a distribution that is itself built for a higher level refuses to start below it
    grep -q '^ *x86-64-v2' <<<"$out" || return 1 # it did not even start
    sed -n 's/^ *x86-64-v\([2-4]\) (supported.*/\1/p' <<<"$out" | sort -n | tail -1 | grep . || echo 1
}

launcher_level() {
    FATELF_AMD64_DEBUG=list qemu-x86_64 -cpu "$1" "$BATS_FILE_TMPDIR/level" 2>&1 |
        sed -n 's/.*this machine is at x86-64-v\([0-4]\)$/\1/p'
}

setup_file() {
    make_level_bundle
}

@test "the launcher and glibc's loader agree on the level of every processor that qemu offers" {
    need qemu-x86_64
    [ -e /lib64/ld-linux-x86-64.so.2 ] || skip "no glibc here"
    local model count=0 differ=
    for model in $(models); do
        local ours theirs
        is_startable "$model" || continue
        ours=$(launcher_level "$model")
        theirs=$(loader_level "$model") || theirs=none
        [ "$ours" = "$theirs" ] || differ="$differ$model: launcher v$ours, loader v$theirs"$'\n'
        count=$((count + 1))
    done
    echo "$count models; $differ"
    [ "$count" -gt 50 ]
    [ -z "$differ" ]
}

@test "qemu's processors cover v1, v2 and v3" {
    need qemu-x86_64
    [ "$(launcher_level Nehalem)" = 2 ]
    [ "$(launcher_level Haswell)" = 3 ]
    [ "$(launcher_level qemu64)" = 1 ]
}

@test "the tool says the same as the launcher on this machine" {
    [ "$("$TOOL" cpu | sed -n 's/^level: x86-64-v//p')" = "$(machine_level)" ]
    FATELF_AMD64_DEBUG=list "$BATS_FILE_TMPDIR/level" | grep -q "this machine is at x86-64-v$(machine_level)\$"
}

@test "this machine's level is that of glibc's loader" {
    [ -e /lib64/ld-linux-x86-64.so.2 ] || skip "no glibc here"
    local theirs
    theirs=$(/lib64/ld-linux-x86-64.so.2 --help | sed -n 's/^ *x86-64-v\([2-4]\) (supported.*/\1/p' | sort -n | tail -1)
    [ "$(machine_level)" = "${theirs:-1}" ]
}
