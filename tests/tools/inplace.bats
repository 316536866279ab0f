# SPDX-License-Identifier: MIT
# A bundle that starts in place is an ordinary ELF executable too: tools read it without complaint, and it still starts
# in place after strip, objcopy and package builders have changed it.
load ../lib/common
load ../lib/elf
load ../lib/packages

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    local level
    for level in 1 2 3 4; do
        compile_level "$level" "prog.v$level" -static
    done
    "$TOOL" create -q --launch inplace -o stored prog.v[1-4]
    "$TOOL" create -q --launch inplace --compress zstd -o decoded prog.v[1-4]
    "$TOOL" create -q --launch inplace --align 2M -o aligned prog.v[1-4]
    # for the packages
    "$TOOL" create -q --launch inplace -o level "$FIXTURES"/level.v[1-4]
}

setup() {
    start_test
    export LC_ALL=C HOME=$BATS_TEST_TMPDIR # rpm keeps a database there
    ln -s "$BATS_FILE_TMPDIR"/* .
}

# starts_in_place FILE [ALIGNMENT]: the bundle passes verify, each level starts in place, and payloads are at multiples
# of ALIGNMENT in the file and in memory
starts_in_place() {
    local file=$1 alignment=${2:-4096} level levels address offset
    "$TOOL" verify -q "$file"
    levels=$(runnable_levels)
    for level in $levels; do
        FATELF_AMD64=v$level FATELF_AMD64_DEBUG=log capture "$file" word
        [ "$(cat out)" = "v$level word" ] || fail "$file, v$level: status $status"
        grep -q "starting v$level by inplace, " err || fail "$file, v$level: not in place"
    done
    # a tool may have removed the section headers
    list_sections "$file" | { grep '^\.fatelf\.v' || [ $? = 1 ]; } >sections
    if [ -s sections ]; then
        [ "$(wc -l <sections)" = 4 ]
        while read -r _ _ address offset _; do
            ((0x$address % alignment == 0 && 0x$offset % alignment == 0)) || { cat sections; return 1; }
        done <sections
    fi
    # the kernel maps a segment only if its offset and its address are at the same place in a page
    readelf -lW "$file" | awk '$1 == "LOAD" { print $2, $3, $NF }' >segments
    [ -s segments ]
    while read -r offset address alignment; do
        (((offset - address) % alignment == 0))
    done <segments
}

# quiet_if_installed COMMAND..
quiet_if_installed() {
    if command -v "$1" >/dev/null; then
        quiet "$@"
    fi
}

@test "readelf, llvm-readelf, eu-readelf and objdump read every part without a warning" {
    need readelf
    local bundle
    for bundle in stored decoded aligned; do
        quiet readelf -aW $bundle
        quiet_if_installed llvm-readelf -aW $bundle
        quiet_if_installed eu-readelf -a $bundle
        quiet_if_installed objdump -x $bundle
        quiet_if_installed objdump -h $bundle
        quiet_if_installed gdb -nx -q -batch -ex 'info files' $bundle
    done
}

@test "eu-elflint finds only a note that it does not know in a bundle that starts in place" {
    need eu-elflint
    local bundle
    for bundle in stored decoded aligned; do
        lints_but_for_note "$bundle"
    done
}

@test "the segment with the payloads is readable and executable, and no segment is writable and executable" {
    need readelf
    local bundle
    for bundle in stored aligned; do
        readelf -lW "$bundle" >segments
        cat segments
        # the last segment has the payloads
        [[ $(grep -E '^ *LOAD ' segments | tail -n 1) =~ ' R E '+0x[0-9a-f]+$ ]]
        run -1 grep -E '^ *LOAD .* (RWE|WE) ' segments
    done
}

@test "list says how the bundle starts" {
    "$TOOL" list stored | sed -n 1p | finds 'launch inplace$'
    "$TOOL" list decoded | sed -n 1p | finds 'launch inplace$'
    "$TOOL" list --json stored | finds '"launch": *"inplace"'
    [[ $(FATELF_AMD64_DEBUG=list ./stored) == *"v$(machine_level)"* ]]
}

@test "strip, llvm-strip and eu-strip leave bundles that start in place" {
    need strip
    local bundle tool
    for bundle in stored decoded; do
        for tool in strip 'strip -s' 'strip -p -R .comment' 'strip --remove-section=.comment --remove-section=.note' \
            llvm-strip 'llvm-strip --strip-all-gnu' 'llvm-strip --strip-sections' eu-strip 'eu-strip -f debug' \
            'eu-strip --strip-sections -g'; do
            command -v "${tool%% *}" >/dev/null || continue
            cp --remove-destination "$BATS_FILE_TMPDIR/$bundle" stripped
            echo "$tool $bundle"
            # shellcheck disable=SC2086 # words on purpose
            $tool stripped
            starts_in_place ./stripped
            [[ $tool != *sections* ]] || continue
            echo "$tool $bundle, twice"
            # shellcheck disable=SC2086 # words on purpose
            $tool stripped
            starts_in_place ./stripped
        done
    done
}

@test "objcopy and llvm-objcopy leave bundles that start in place" {
    need objcopy
    local bundle tool
    for bundle in stored decoded; do
        for tool in objcopy 'objcopy -S' 'objcopy -p -R .comment' 'objcopy --compress-debug-sections' llvm-objcopy \
            'llvm-objcopy -S' 'llvm-objcopy --strip-sections'; do
            command -v "${tool%% *}" >/dev/null || continue
            echo "$tool $bundle"
            # shellcheck disable=SC2086 # words on purpose
            $tool $bundle copy
            starts_in_place ./copy
        done
    done
    # one after the other
    objcopy stored copy
    strip copy
    if command -v eu-strip >/dev/null; then eu-strip copy; fi
    starts_in_place ./copy
}

@test "with --align 2M payloads are at multiples of 2 MiB, and stay there when the bundle is stripped" {
    need readelf strip
    local tool
    starts_in_place ./aligned $((2 << 20))
    cp --remove-destination "$BATS_FILE_TMPDIR/aligned" stripped
    for tool in strip eu-strip llvm-strip; do
        command -v "$tool" >/dev/null || continue
        "$tool" stripped
        starts_in_place ./stripped $((2 << 20))
    done
}

@test "--align accepts powers of two from 4K to 1G" {
    local value
    for value in 4K 16K 64K 1M 2M 4096 65536; do
        "$TOOL" create -q --force --launch inplace --align "$value" -o bundle prog.v1
        ./bundle
    done
    for value in 0 1 2K 2048 3K 5000 6M 2G 4T x 4KB -4K ''; do
        run -2 "$TOOL" create -q --force --launch inplace --align "$value" -o other prog.v1
        [[ $output == *align* ]]
        [ ! -e other ]
    done
}

@test "a bundle in an rpm package that is stripped of everything starts in place when it is installed" {
    need_rpm_root
    local strip find
    strip=$(rpm_script brp-strip)
    [ -x "$strip" ] || skip "rpm has no brp-strip here"
    find=$(rpm_script find-debuginfo)
    spec prog "$BATS_FILE_TMPDIR/level"
    if [ -x "$find" ] && command -v debugedit >/dev/null; then
        strip="$strip $(type -P strip) ; $find --strict-build-id -m -i %{_builddir}"
    else
        strip="$strip $(type -P strip)"
    fi
    sed -i "s|^%files\$|%global __os_install_post $strip\n&|" prog.spec
    build_rpm prog --define "_build_id_links compat" --define "_missing_build_ids_terminate_build 1"
    grep -q brp-strip prog.log
    install_rpm prog.rpm
    runs_whole "$PWD/root/usr/bin/prog"
    starts_in_place "$PWD/root/usr/bin/prog"
}

@test "a bundle in a Debian package starts in place when it is unpacked" {
    unpack_deb
    starts_in_place "$PWD/root/usr/bin/level"
}

# --- damage -----------------------------------------------------------------------------------------------------------

# says_damaged FILE WHAT: the launcher says that the file is damaged, with status 127, and starts nothing. WHAT: for the
# test's output.
says_damaged() {
    capture "$1" word
    [ "$status" = 127 ] || fail "$2: status $status"
    [ ! -s out ] || fail "$2: output"
    [ "$(wc -l <err)" = 1 ] || fail "$2: not one line"
    grep -Eq "^fatelf-amd64: .*: (damaged: |made by a)" err || fail "$2: another message"
}

@test "the launcher in a truncated file says so" {
    local bundle size part
    for bundle in stored decoded; do
        size=$(stat -L -c %s "$bundle")
        for part in 20 40 60 80 95; do
            cp --remove-destination "$BATS_FILE_TMPDIR/$bundle" cut
            truncate -s $((size * part / 100)) cut
            # v4 is the last variant in the file
            FATELF_AMD64=v4! says_damaged ./cut "$bundle: $part %"
            grep -q 'damaged: the file is cut short; get a whole copy' err
        done
    done
}

@test "the launcher detects a flipped bit in the manifest" {
    need readelf
    local offset size at
    cp --remove-destination "$BATS_FILE_TMPDIR/level" flipped
    offset=$(section flipped .note.fatelf offset)
    size=$(section flipped .note.fatelf size)
    # after the note's header and its owner's name
    for ((at = offset + 28; at < offset + size; at += 53)); do
        flip flipped "$at" 16
        says_damaged ./flipped "byte $at"
        flip flipped "$at" 16
    done
    ./flipped
}

@test "verify detects a flipped bit in a stored payload" {
    need readelf
    local offset
    offset=$(section stored .fatelf.v2 offset)
    cp --remove-destination "$BATS_FILE_TMPDIR/stored" flipped
    flip flipped $((offset + 5000)) 1
    run -1 "$TOOL" verify flipped
    [[ $output == *v2* ]]
}
