# SPDX-License-Identifier: MIT
# What `create` does with data that only a program that reads its own file finds: behind the end of the ELF file, and in
# sections that are not mapped.
load ../lib/common
load ../lib/tool
load ../lib/elf

setup() {
    start_test
    echo 'some data' >data
}

# with_end LEVEL FILE: p.vLEVEL, the fixture of that level with the bytes of FILE behind it
with_end() {
    cat "$FIXTURES/level.v$1" "$2" >"p.v$1"
    chmod +x "p.v$1"
}

# with_sections LEVEL FILE NAME..: p.vLEVEL, the fixture of that level with sections of these names and these bytes
with_sections() {
    local level=$1 file=$2 name options=()
    shift 2
    for name; do
        options+=(--add-section "$name=$file")
    done
    objcopy "${options[@]}" "$FIXTURES/level.v$level" "p.v$level"
}

# ends_with BUNDLE FILE: the bundle's last bytes are those of the file
ends_with() {
    tail -c "$(stat -c %s "$2")" "$1" | cmp - "$2"
}

# without_end BUNDLE SIZE: `rest`, the bundle without its last SIZE bytes, ends with the section headers
without_end() {
    head -c "-$2" "$1" >rest
    without_data rest
}

# without_data BUNDLE: its last bytes are those of the section headers
without_data() {
    python3 - "$1" <<'PYTHON'
import os, struct, sys
data = open(sys.argv[1], "rb").read()
assert struct.unpack_from("<Q", data, 40)[0] + 64 * struct.unpack_from("<H", data, 60)[0] == len(data)
PYTHON
}

@test "the bundle ends with a copy of the data at the end, and create says so" {
    with_end 1 data
    tool create -o out p.v1
    same 0 "$status"
    same "fatelf-amd64: warning: p.v1: has appended data (10 bytes at the end), of which the bundle gets\
 a copy; many programs find it only with --launch inplace --compress zstd" "$stderr"
    ends_with out data
    tool create --launch inplace -o place p.v1
    same "fatelf-amd64: warning: p.v1: has appended data (10 bytes at the end), of which the bundle gets\
 a copy; --ignore-appended leaves it out" "$stderr"
    ends_with place data
    "$TOOL" verify -q out
}

@test "the copy at the end follows the section headers without a gap" {
    need python3
    with_end 1 data
    succeeds create -q -o out p.v1
    without_end out 10
}

@test "sections that are not mapped become sections of the bundle with the same names, which strip keeps" {
    with_sections 1 data pydata .rackboot
    tool create -o made p.v1
    same "fatelf-amd64: warning: p.v1: has appended data (10 bytes in section .rackboot, 10 bytes in section pydata), of\
 which the bundle gets a copy; many programs find it only with --launch inplace --compress zstd" "$stderr"
    strip -o stripped made
    for bundle in made stripped; do
        for name in pydata .rackboot; do
            objcopy -O binary --only-section="$name" "$bundle" found
            cmp found data
        done
        "$TOOL" verify -q "$bundle"
        quiet readelf -aW "$bundle"
    done
}

@test "data that all builds have is copied once" {
    for level in 1 2 3 4; do
        with_sections "$level" data pydata
        cat data data >>"p.v$level"
    done
    succeeds create -q --launch inplace -o out p.v[1-4]
    tool list out
    same "appended data: 10 bytes in section pydata
appended data: 20 bytes at the end" "$(tail -n 2 <<<"$output")"
    "$TOOL" extract out all
    for level in 1 2 3 4; do
        cmp "p.v$level" "out.v$level"
    done
}

@test "list --json has the name, size and hash of each copy" {
    need python3
    with_sections 1 data pydata
    echo 'other data' >>p.v1
    succeeds create -q -o out p.v1
    tool list --json out
    same "[('pydata', 10, '$(sha256sum <data | cut -d ' ' -f 1)'),\
 (None, 11, '$(echo 'other data' | sha256sum | cut -d ' ' -f 1)')]" \
        "$(json '[(a["name"], a["size"], a["sha256"]) for a in d["appended"]]' <<<"$output")"
    "$TOOL" create -q --force -o out "$FIXTURES/level.v1"
    tool list --json out
    same '[]' "$(json 'd["appended"]' <<<"$output")"
}

differ="their appended data differs"
advice="but a bundle has one copy; append the same to all builds, or add --ignore-appended for no copy"

@test "builds with different data are refused" {
    with_end 1 data
    echo 'same size' >other
    with_end 2 other
    refuses 1 "p.v1 and p.v2: $differ (10 bytes at the end; 10 bytes at the end), $advice" \
        create -o out p.v1 p.v2
    cp "$FIXTURES/level.v2" p.v2
    refuses 1 "p.v1 and p.v2: $differ (10 bytes at the end; none), $advice" create -o out p.v1 p.v2
    cp "$FIXTURES/level.v1" p.v1
    with_end 3 data
    refuses 1 "p.v1 and p.v3: $differ (none; 10 bytes at the end), $advice" \
        create -o out p.v1 p.v2 p.v3
}

@test "large data is compared and checked to its last byte" {
    { printf x; head -c 3M /dev/zero; printf y; } >data
    with_end 1 data
    { printf x; head -c 3M /dev/zero; printf z; } >data
    with_end 2 data
    succeeds create -q -o out p.v1
    size=$(stat -c %s out)
    flip out $((size - 1)) 1
    refuses 1 "out: damaged: the appended data at its end was removed or changed, for instance by strip; \
make the bundle again" verify out
    tool create -o other p.v1 p.v2
    same 1 "$status"
    [[ $stderr == *": $differ (3145730 bytes at the end; 3145730 bytes at the end), $advice" ]]
}

@test "sections of other names, in another order or at another place are different data" {
    with_sections 1 data pydata
    with_sections 2 data pyData
    refuses 1 "p.v1 and p.v2: $differ (10 bytes in section pydata; 10 bytes in section pyData),\
 $advice" create -o out p.v1 p.v2
    with_sections 1 data one two
    with_sections 2 data two one
    tool create -o out p.v1 p.v2
    same 1 "$status"
    with_end 1 data
    with_sections 2 data pydata
    tool create -o out p.v1 p.v2
    same 1 "$status"
}

@test "--ignore-appended leaves the data out" {
    need python3
    with_end 1 data
    with_end 2 data
    for how in '' '--launch inplace'; do
        # shellcheck disable=SC2086 # two words
        succeeds create --ignore-appended $how --force -o out p.v1 p.v2
        without_data out
        tool list out
        run -1 grep appended <<<"$output"
    done
    echo other >other
    with_end 2 other
    succeeds create --ignore-appended --launch inplace --compress zstd --force -o out p.v1 p.v2
    without_data out
    "$TOOL" verify -q out
}

@test "with --ignore-appended, nobody finds an incompressible archive of another level at the end" {
    need python3
    head -c 300000 /dev/urandom >noise
    for level in 1 2; do
        cp "$FIXTURES/level.v$level" "p.v$level"
        # incompressible up to the record at its end
        python3 -c 'import os, zipfile
with zipfile.ZipFile("p.v'"$level"'", "a") as archive:
    archive.write("noise")
    archive.comment = os.urandom(60000)'
    done
    succeeds create --ignore-appended -o out p.v1 p.v2
    python3 -c 'assert b"PK\5\6" in open("out", "rb").read()' # it is there, but not near the end
    strip -o stripped out
    for bundle in out stripped; do
        run -1 python3 -m zipfile -t "$bundle"
        "$TOOL" verify -q "$bundle"
    done
}

@test "--ignore-appended does not store builds with different data uncompressed" {
    with_end 1 data
    cp "$FIXTURES/level.v2" p.v2
    message="p.v1 and p.v2: their appended data differs, and if the builds are stored uncompressed, one level would\
 find the data of another; add --compress zstd"
    refuses 1 "$message" create --ignore-appended --launch inplace -o out p.v1 p.v2
    refuses 1 "$message" create --ignore-appended --compress none -o out p.v1 p.v2
}

@test "too many sections, and those with names that the format cannot record, are refused" {
    with_sections 1 data a b c d e f g h
    succeeds create -q -o out p.v1
    cat data >>p.v1
    message="p.v1: its appended data cannot be copied: more than 8 pieces, or a section with a long or unusual name"
    refuses 1 "$message; add --ignore-appended for no copy" create -o new p.v1
    succeeds create --ignore-appended -o new p.v1
    succeeds create --ignore-appended --launch inplace --force -o new p.v1
    with_sections 1 data 'a name'
    with_sections 2 data 'a name'
    refuses 1 "$message; add --ignore-appended for no copy" create -o other p.v1 p.v2
    refuses 1 "$message; add --compress zstd" create --ignore-appended --compress none -o other p.v1 p.v2
    succeeds create --ignore-appended -o other p.v1 p.v2
}

@test "zeros at the end, and what UPX appends, are not data" {
    need python3
    head -c 5000 /dev/zero >zeros
    with_end 1 zeros
    succeeds create -o out p.v1
    without_data out
    with_end 1 data
    poke p.v1 8 'UPX!' # the padding of e_ident
    succeeds create --force -o out p.v1
    without_data out
}

@test "create says nothing of the debug sections of programs, nor of installed programs" {
    program debug.v1 -g -gz=none
    program zdebug.v2 -g -gz
    program switches.v3 -grecord-gcc-switches -frecord-gcc-switches
    for name in bash perl python3 git gcc gdb readelf; do
        found=$(find_program "$name")
        [ -z "$found" ] || cp "$found" "$name.v1"
    done
    for build in *.v?; do
        tool create --compress zstd:1 -o "$build.out" "$build"
        same 0 "$status"
        run -1 grep appended <<<"$stderr"
    done
}

@test "bundles that differ only in appended data have different build-ids, and the same data gives the same bytes" {
    with_end 1 data
    succeeds create -q -o one p.v1
    succeeds create -q -j 1 -o again p.v1
    cmp one again
    echo 'more data' >data
    tail -c 10 data | dd of=p.v1 bs=1 seek="$(stat -c %s "$FIXTURES/level.v1")" conv=notrunc status=none
    succeeds create -q -o two p.v1
    run -1 cmp -s one two
    one=$(build_id one)
    two=$(build_id two)
    [ "$one" != "$two" ]
}

@test "verify finds damage in the copies, and that strip has removed the data at the end" {
    with_sections 1 data pydata
    cat data data >>p.v1
    succeeds create -q -o out p.v1
    cp out damaged
    # the name has no dot for `section` to find
    offset=$(readelf -SW out | sed -n 's/.* pydata *PROGBITS *[0-9a-f]* *\([0-9a-f]*\) .*/\1/p')
    flip damaged $((16#$offset)) 4
    refuses 1 "damaged: section pydata: damaged: its SHA-256 does not match" verify damaged
    cp out damaged
    size=$(stat -c %s out)
    flip damaged $((size - 1)) 1
    refuses 1 "damaged: damaged: the appended data at its end was removed or changed, for instance by strip; make the bundle again" verify damaged
    strip -o stripped out
    refuses 1 "stripped: damaged: the appended data at its end was removed or changed, for instance by strip; make the bundle again" verify stripped
    echo >>out
    refuses 1 "out: damaged: the appended data at its end was removed or changed, for instance by strip; make the bundle again" verify out
}

@test "a zip archive with offsets from the start of the file stays at its offset, also in a smaller bundle" {
    need python3
    need unzip
    program large.v1 -Wl,--build-id=none
    head -c 400000 /dev/zero | enlarge large.v1 large.v1
    size=$(stat -c %s large.v1)
    python3 -c 'import zipfile; zipfile.ZipFile("large.v1", "a").writestr("name", "content")'
    unzip -p large.v1 name >native
    succeeds create -q -o out large.v1
    whole=$(stat -c %s large.v1)
    same "$whole" "$(stat -c %s out)"
    tail -c "+$((size + 1))" large.v1 >data
    tail -c "+$((size + 1))" out | cmp - data
    unzip -p out name >found
    cmp native found
    "$TOOL" verify -q out
    # an archive with other offsets follows the section headers
    python3 -c 'import zipfile; zipfile.ZipFile("archive", "w").writestr("name", "content")'
    head -c "$size" large.v1 | cat - archive >relative.v1
    succeeds create -q -o relative relative.v1
    without_end relative $((whole - size))
    # in a bundle that is larger, the archive follows the section headers
    succeeds create -q --compress none --force -o out large.v1
    python3 -m zipfile -t out
    without_end out $((whole - size))
}
