# SPDX-License-Identifier: MIT
# Tools that strip and copy ELF files leave a bundle intact: it passes verify, has the same variants, and runs them.
load ../lib/common

setup_file() {
    make_level_bundle
    "$TOOL" create -q -o "$BATS_FILE_TMPDIR/stored" --compress none "$FIXTURES"/level.v[1-4]
}

# is_intact BUNDLE: ./bundle, which some tool has made of BUNDLE, has the same variants and runs
is_intact() {
    local level machine
    "$TOOL" verify bundle
    "$TOOL" list "$1" | tail -n +2 >wanted
    "$TOOL" list bundle | tail -n +2 >listed
    diff wanted listed
    machine=$(machine_level)
    for level in 1 2 3 4; do
        FATELF_AMD64=v$level! FATELF_AMD64_DEBUG=extract ./bundle | cmp - "$FIXTURES/level.v$level"
        [ "$level" -gt "$machine" ] || [ "$(FATELF_AMD64=v$level ./bundle word)" = "v$level word" ]
    done
}

# silent COMMAND..: it succeeds and prints nothing
silent() {
    "$@" >said 2>&1 || { cat said; return 1; }
    [ ! -s said ] || { cat said; return 1; }
}

# edits TOOL [OPTION]..: the tool changes a copy of each bundle, twice, and leaves it intact
edits() {
    local bundle
    for bundle in level stored; do
        cp "$BATS_FILE_TMPDIR/$bundle" bundle
        silent "$@" bundle
        silent "$@" bundle
        is_intact "$BATS_FILE_TMPDIR/$bundle"
    done
}

# copies TOOL [OPTION]..: the same for tools that have an input and an output
copies() {
    local bundle
    for bundle in level stored; do
        silent "$@" "$BATS_FILE_TMPDIR/$bundle" between
        silent "$@" between bundle
        is_intact "$BATS_FILE_TMPDIR/$bundle"
    done
}

@test "strip leaves a bundle intact" {
    need strip
    edits strip
    edits strip -s
    edits strip -g
    edits strip -x
    edits strip --strip-unneeded
    edits strip -p -R .comment
}

@test "strip leaves a bundle intact when it removes the section headers" {
    need strip
    [[ $(strip --help) == *--strip-section-headers* ]] || skip "this strip does not know --strip-section-headers"
    local bundle
    for bundle in level stored; do # once: strip refuses a file without sections
        cp "$BATS_FILE_TMPDIR/$bundle" bundle
        silent strip --strip-section-headers bundle
        is_intact "$BATS_FILE_TMPDIR/$bundle"
    done
}

@test "llvm-strip leaves a bundle intact" {
    need llvm-strip
    edits llvm-strip
    edits llvm-strip -s
    edits llvm-strip -g
    edits llvm-strip --strip-unneeded
    edits llvm-strip --strip-all-gnu
    edits llvm-strip -p -R .comment
}

@test "llvm-strip and llvm-objcopy leave a bundle intact when they remove the section headers" {
    need llvm-strip llvm-objcopy
    edits llvm-strip --strip-sections
    copies llvm-objcopy --strip-sections
}

@test "eu-strip leaves a bundle intact" {
    need eu-strip
    edits eu-strip
    edits eu-strip -g
    edits eu-strip -f debug
    edits eu-strip -p --remove-comment
}

@test "eu-strip leaves a bundle intact when it removes the section headers" {
    need eu-strip
    # without -g it wants to write what it removes into a separate file
    edits eu-strip --strip-sections -g
}

@test "objcopy leaves a bundle intact" {
    need objcopy
    copies objcopy
    copies objcopy -S
    copies objcopy -g
    copies objcopy --strip-unneeded
    copies objcopy -p -R .comment
    copies objcopy --compress-debug-sections
}

@test "objcopy leaves a bundle intact when it adds a section" {
    need objcopy
    echo 'some text' >text
    cp "$BATS_FILE_TMPDIR/level" bundle
    silent objcopy --add-section .mine=text bundle
    is_intact "$BATS_FILE_TMPDIR/level"
    objcopy -O binary --only-section=.mine --set-section-flags .mine=alloc bundle mine
    cmp text mine
}

@test "llvm-objcopy leaves a bundle intact" {
    need llvm-objcopy
    copies llvm-objcopy
    copies llvm-objcopy -S
    copies llvm-objcopy -g
    copies llvm-objcopy --strip-unneeded
    copies llvm-objcopy --strip-non-alloc
}

@test "all these tools one after the other leave a bundle intact" {
    need strip llvm-strip eu-strip objcopy llvm-objcopy
    cp "$BATS_FILE_TMPDIR/level" bundle
    silent strip -s bundle
    silent eu-strip bundle
    silent llvm-strip bundle
    silent objcopy -S bundle
    silent llvm-objcopy -S bundle
    silent strip bundle
    is_intact "$BATS_FILE_TMPDIR/level"
}

@test "a bundle of a real program, bash, runs after it is stripped" {
    need strip llvm-strip eu-strip
    local tool
    "$TOOL" create -q -o program v1="$BASH" v2="$BASH"
    for tool in 'strip -s' llvm-strip eu-strip 'llvm-strip --strip-sections'; do
        cp program stripped
        # shellcheck disable=SC2086 # words on purpose
        silent $tool stripped
        "$TOOL" verify stripped
        [ "$(./stripped -c 'echo "$1"' bash word)" = word ]
    done
}
