# SPDX-License-Identifier: MIT
# Tools that strip and copy ELF files leave a bundle whole: it verifies, holds the same variants, and runs them all.
load ../lib/common

setup_file() {
    make_level_bundle
    "$TOOL" create -q -o "$BATS_FILE_TMPDIR/stored" --compress none "$FIXTURES"/level.v[1-4]
}

# survives BUNDLE: what `bundle`, the work of some tool, has to be able to do
survives() {
    local level
    "$TOOL" verify bundle
    diff <("$TOOL" list "$1" | tail -n +2) <("$TOOL" list bundle | tail -n +2)
    for level in 1 2 3 4; do
        FATELF_AMD64=v$level! FATELF_AMD64_DEBUG=extract ./bundle | cmp - "$FIXTURES/level.v$level"
        [ "$level" -gt "$(machine_level)" ] || [ "$(FATELF_AMD64=v$level ./bundle word)" = "v$level word" ]
    done
}

# The tool's own output; it has nothing to complain of.
silent() {
    "$@" >said 2>&1 || { cat said; return 1; }
    [ ! -s said ] || { cat said; return 1; }
}

# in_place TOOL [OPTION]..: the tool over a copy of each bundle, twice
in_place() {
    local bundle
    for bundle in level stored; do
        cp "$BATS_FILE_TMPDIR/$bundle" bundle
        silent "$@" bundle
        silent "$@" bundle
        survives "$BATS_FILE_TMPDIR/$bundle"
    done
}

# to_copy TOOL [OPTION]..: the same for tools that take an input and an output
to_copy() {
    local bundle
    for bundle in level stored; do
        silent "$@" "$BATS_FILE_TMPDIR/$bundle" between
        silent "$@" between bundle
        survives "$BATS_FILE_TMPDIR/$bundle"
    done
}

@test "strip" {
    need strip
    local option
    for option in '' -s -g -x --strip-unneeded '-p -R .comment'; do
        # shellcheck disable=SC2086 # no option is no word
        in_place strip $option
    done
}

@test "strip of the section headers" {
    need strip
    strip --help | grep -q -e --strip-section-headers || skip "this strip does not know --strip-section-headers"
    local bundle
    for bundle in level stored; do # once: a file without sections it refuses
        cp "$BATS_FILE_TMPDIR/$bundle" bundle
        silent strip --strip-section-headers bundle
        survives "$BATS_FILE_TMPDIR/$bundle"
    done
}

@test "llvm-strip" {
    need llvm-strip
    local option
    for option in '' -s -g --strip-unneeded --strip-all-gnu '-p -R .comment'; do
        # shellcheck disable=SC2086
        in_place llvm-strip $option
    done
}

@test "llvm-strip and llvm-objcopy of the section headers" {
    need llvm-strip llvm-objcopy
    in_place llvm-strip --strip-sections
    to_copy llvm-objcopy --strip-sections
}

@test "eu-strip" {
    need eu-strip
    local option
    for option in '' -g '-f debug' '-p --remove-comment'; do
        # shellcheck disable=SC2086
        in_place eu-strip $option
    done
}

@test "eu-strip of the section headers" {
    need eu-strip
    # it wants all that it leaves behind in one file
    in_place eu-strip --strip-sections -g
}

@test "objcopy" {
    need objcopy
    local option
    for option in '' -S -g --strip-unneeded '-p -R .comment' --compress-debug-sections; do
        # shellcheck disable=SC2086
        to_copy objcopy $option
    done
}

@test "objcopy that adds a section" {
    need objcopy
    echo 'some text' >text
    cp "$BATS_FILE_TMPDIR/level" bundle
    silent objcopy --add-section .mine=text bundle
    survives "$BATS_FILE_TMPDIR/level"
    objcopy -O binary --only-section=.mine --set-section-flags .mine=alloc bundle mine
    cmp text mine
}

@test "llvm-objcopy" {
    need llvm-objcopy
    local option
    for option in '' -S -g --strip-unneeded --strip-non-alloc; do
        # shellcheck disable=SC2086
        to_copy llvm-objcopy $option
    done
}

@test "one tool after the other" {
    need strip llvm-strip eu-strip objcopy llvm-objcopy
    cp "$BATS_FILE_TMPDIR/level" bundle
    silent strip -s bundle
    silent eu-strip bundle
    silent llvm-strip bundle
    silent objcopy -S bundle
    silent llvm-objcopy -S bundle
    silent strip bundle
    survives "$BATS_FILE_TMPDIR/level"
}

@test "the real programs among bundles survive too: bash, stripped" {
    need strip llvm-strip eu-strip
    local bash tool
    bash=$(command -v bash)
    "$TOOL" create -q -o program v1="$bash" v2="$bash"
    for tool in 'strip -s' llvm-strip eu-strip 'llvm-strip --strip-sections'; do
        cp program stripped
        # shellcheck disable=SC2086
        silent $tool stripped
        "$TOOL" verify stripped
        [ "$(./stripped -c 'echo "$1"' bash word)" = word ]
    done
}
