# SPDX-License-Identifier: MIT
# A bundle that starts in place is an ordinary ELF executable too: tools read it without complaint, and what strip,
# objcopy and package builders make of it still starts in place.
load ../lib/common
load ../lib/packages

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    local level
    for level in 1 2 3 4; do
        "${CC:-cc}" -O2 -static -DLEVEL="$level" -o "prog.v$level" "$BATS_TEST_DIRNAME/../fixtures/level.c"
    done
    "$TOOL" create -q --launch inplace -o stored prog.v[1-4]
    "$TOOL" create -q --launch inplace --compress zstd -o decoded prog.v[1-4]
    "$TOOL" create -q --launch inplace --align 2M -o aligned prog.v[1-4]
    # for the packages
    "$TOOL" create -q --launch inplace -o level "$FIXTURES"/level.v[1-4]
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    unset FATELF_AMD64 FATELF_AMD64_LAUNCH FATELF_AMD64_DEBUG GOAMD64 MGODEBUG
    umask 022
    export LC_ALL=C HOME=$BATS_TEST_TMPDIR # rpm makes a database in it
    ln -s "$BATS_FILE_TMPDIR"/* .
}

# quiet COMMAND..: it succeeds, says something, and complains about nothing
quiet() {
    "$@" >out 2>err || { cat out err; return 1; }
    [ -s out ]
    [ ! -s err ] || { cat err; return 1; }
    # but for the folder's name, which may say anything
    ! sed "s|$BATS_RUN_TMPDIR||g" out | grep -iE 'warning|error:|corrupt|invalid'
}

# "NAME ADDRESS OFFSET SIZE FLAGS ALIGNMENT" of the payloads' sections
payloads() {
    readelf -SW "$1" | sed -n 's/^ *\[ *[0-9]*\] *\(\.fatelf\.v[^ ]*\)/\1/p' | awk '{ print $1, $3, $4, $5, $7, $NF }'
}

# in_place FILE [ALIGNMENT]: it holds the fixtures whole, each level starts in place, and payloads are at multiples of
# ALIGNMENT in the file and in memory
in_place() {
    local file=$1 alignment=${2:-4096} level name address offset
    "$TOOL" verify -q "$file"
    for level in $(seq "$(machine_level)"); do
        FATELF_AMD64=v$level FATELF_AMD64_DEBUG=log "$file" word >out 2>err || { cat err; return 1; }
        [ "$(cat out)" = "v$level word" ]
        grep -q "starting v$level by inplace, " err || { cat err; return 1; }
    done
    payloads "$file" >sections
    if [ -s sections ]; then # a tool may have taken the section headers away
        [ "$(wc -l <sections)" = 4 ]
        while read -r name address offset _; do
            ((0x$address % alignment == 0 && 0x$offset % alignment == 0)) || { cat sections; return 1; }
        done <sections
    fi
    # the kernel maps what lies at the same place in a page in both
    readelf -lW "$file" | awk '$1 == "LOAD" { print $2, $3, $NF }' >segments
    [ -s segments ]
    while read -r offset address alignment; do
        (((offset - address) % alignment == 0))
    done <segments
}

@test "readelf, llvm-readelf, eu-readelf and objdump read every part without a warning" {
    need readelf
    local bundle
    for bundle in stored decoded aligned; do
        quiet readelf -aW $bundle
        ! command -v llvm-readelf >/dev/null || quiet llvm-readelf -aW $bundle
        ! command -v eu-readelf >/dev/null || quiet eu-readelf -a $bundle
        ! command -v objdump >/dev/null || quiet objdump -x $bundle
        ! command -v objdump >/dev/null || quiet objdump -h $bundle
        ! command -v gdb >/dev/null || quiet gdb -nx -q -batch -ex 'info files' $bundle
    done
}

@test "eu-elflint finds nothing but a note that it does not know" {
    need eu-elflint
    local bundle
    for bundle in stored decoded aligned; do
        run eu-elflint --gnu-ld "$bundle"
        echo "$output"
        [ "${#lines[@]}" = 2 ]
        [ "$(grep -c "unknown object file note type 1 with owner name 'fatelf-amd64'" <<<"$output")" = 2 ]
    done
}

@test "the payloads' segment may be read and executed, and none may be written and executed" {
    need readelf
    local bundle
    for bundle in stored aligned; do
        readelf -lW "$bundle" >segments
        cat segments
        # the segment with the payloads is the last
        [[ $(grep -E '^ *LOAD ' segments | tail -n 1) =~ ' R E '+0x[0-9a-f]+$ ]]
        ! grep -qE '^ *LOAD .* (RWE|WE) ' segments || false
    done
}

@test "list says how the bundle starts" {
    [[ $("$TOOL" list stored | head -n 1) == *"launch inplace" ]]
    [[ $("$TOOL" list decoded | head -n 1) == *"launch inplace" ]]
    "$TOOL" list --json stored | grep -q '"launch": *"inplace"'
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
            # shellcheck disable=SC2086
            $tool stripped || { echo "$tool"; false; }
            in_place ./stripped || { echo "$tool $bundle"; false; }
            [[ $tool = *sections* ]] || { $tool stripped && in_place ./stripped || { echo "$tool twice"; false; }; }
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
            # shellcheck disable=SC2086
            $tool $bundle copy
            in_place ./copy || { echo "$tool $bundle"; false; }
        done
    done
    # one after the other
    objcopy stored copy
    strip copy
    ! command -v eu-strip >/dev/null || eu-strip copy
    in_place ./copy
}

@test "with --align 2M payloads are at multiples of 2 MiB, and stay there when the bundle is stripped" {
    need readelf strip
    in_place ./aligned $((2 << 20))
    cp --remove-destination "$BATS_FILE_TMPDIR/aligned" stripped
    strip stripped
    in_place ./stripped $((2 << 20))
    ! command -v eu-strip >/dev/null || { eu-strip stripped && in_place ./stripped $((2 << 20)); }
    ! command -v llvm-strip >/dev/null || { llvm-strip stripped && in_place ./stripped $((2 << 20)); }
}

@test "--align takes powers of two from 4K to 1G" {
    local value
    for value in 4K 16K 64K 1M 2M 4096 65536; do
        "$TOOL" create -q --force --launch inplace --align "$value" -o bundle prog.v1 || { echo "$value"; false; }
        ./bundle
    done
    for value in 0 1 2K 2048 3K 5000 6M 2G 4T x 4KB -4K ''; do
        run "$TOOL" create -q --force --launch inplace --align "$value" -o other prog.v1
        [ "$status" != 0 ] || { echo "'$value' was taken"; false; }
        [[ $output == *align* ]]
        [ ! -e other ]
    done
}

@test "a bundle in an rpm package, stripped and without debug information, starts in place where it is installed" {
    need_rpm_root
    local strip find
    strip=$(rpm --eval '%{_rpmconfigdir}')/brp-strip
    find=$(rpm --eval '%{?__find_debuginfo}')
    [ -x "$find" ] || find=$(rpm --eval '%{_rpmconfigdir}')/find-debuginfo
    [ -x "$strip" ] || skip "rpm has no brp-strip here"
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
    runs "$PWD/root/usr/bin/prog"
    in_place "$PWD/root/usr/bin/prog"
}

@test "a bundle in a Debian package starts in place where it is unpacked" {
    need dpkg-deb
    debian_tree
    dpkg-deb --root-owner-group -b tree prog.deb >/dev/null
    dpkg-deb -x prog.deb root
    cmp root/usr/bin/level "$BATS_FILE_TMPDIR/level"
    in_place "$PWD/root/usr/bin/level"
}

# --- damage -----------------------------------------------------------------------------------------------------------

# damaged FILE: it says that it is, with status 127, and starts nothing
damaged() {
    local status=0
    "$1" word >out 2>err || status=$?
    [ "$status" = 127 ] && [ ! -s out ] && [ "$(wc -l <err)" = 1 ] &&
        grep -Eq "^fatelf-amd64: .*: (damaged: |made by a)" err ||
        { echo "status $status"; cat out err; return 1; }
}

@test "a file that was cut short says so" {
    local bundle size part
    for bundle in stored decoded; do
        size=$(stat -L -c %s "$bundle")
        for part in 20 40 60 80 95; do
            cp --remove-destination "$BATS_FILE_TMPDIR/$bundle" cut
            truncate -s $((size * part / 100)) cut
            damaged ./cut || { echo "$bundle: $part %"; false; }
            grep -q 'damaged: the file is cut short; get a whole copy' err
        done
    done
}

# flip FILE OFFSET BIT: inverts it
flip() {
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    # shellcheck disable=SC2059
    printf "\\x$(printf %x $((byte ^ $3)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

@test "a bit that flips in the manifest is seen" {
    need readelf
    local offset size at
    cp --remove-destination "$BATS_FILE_TMPDIR/level" flipped
    read -r offset size < <(readelf -SW flipped | sed -n 's/^ *\[ *[0-9]*\] *\.note\.fatelf //p' |
        awk '{ print $3, $4 }')
    # behind the note's own header and name
    for ((at = 0x$offset + 28; at < 0x$offset + 0x$size; at += 53)); do
        flip flipped $at 16
        damaged ./flipped || { echo "byte $at"; false; }
        flip flipped $at 16
    done
    ./flipped
}

@test "verify sees a bit that flips in a stored payload" {
    need readelf
    local offset
    offset=$(payloads stored | awk '$1 == ".fatelf.v2" { print $3 }')
    cp --remove-destination "$BATS_FILE_TMPDIR/stored" flipped
    flip flipped $((0x$offset + 5000)) 1
    run "$TOOL" verify flipped
    [ "$status" != 0 ]
    [[ $output == *v2* ]]
}
