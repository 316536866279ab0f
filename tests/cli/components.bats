# SPDX-License-Identifier: MIT
# What a bundle says about its launcher, its package and the libraries in its builds.
load ../lib/common
load ../lib/tool
load ../lib/elf

# component BUNDLE NAME: the version that list --json shows
component() {
    "$TOOL" list --json "$1" | json "[c['version'] for c in d['launcher']['components'] if c['name'] == '$2']"
}

# texts_of BUNDLE: the version texts, one a line; the first line is empty
texts_of() {
    objcopy -O binary --only-section=.fatelf.strings "$1" texts
    tr '\0' '\n' <texts
}

# speaking NAME TEXT..: a program that contains these texts, in this order; \n and the like are C's
speaking() {
    local name=$1 code='' text
    shift
    for text; do
        code+="\"$text\\0\""
    done
    printf 'const char all[] __attribute__((section("texts"), used)) = %s;\nint main(void) { return !all[0]; }\n' \
        "$code" | cc -O2 -o "$name" -x c -
}

# package_of FILE: the section .note.package, in hexadecimal
package_of() {
    objcopy -O binary --only-section=.note.package "$1" package
    od -An -v -tx1 package
}

@test "the stub names the versions of the libraries that it was built with" {
    need python3 pkg-config
    "$TOOL" create -o out "$FIXTURES/level.v1"
    for library in zstd libcpuid xxhash; do
        package=lib${library#lib}
        skip_unless "$package is not known to pkg-config" pkg-config --exists "$package"
        same "['$(pkg-config --modversion "$package")']" "$(component out $library)"
    done
    same "$("$TOOL" --version)" "fatelf-amd64 $("$TOOL" list --json out | json 'd["launcher"]["version"]')"
    same "$("$TOOL" --version)" "fatelf-amd64 $("$TOOL" list --json out | json 'd["create"]')"
}

@test "the stub names the version of musl, which is that of musl's loader" {
    need python3
    loader=/lib/ld-musl-x86_64.so.1
    [ -x $loader ] || skip "musl's loader is not installed"
    "$TOOL" create -o out "$FIXTURES/level.v1"
    named=$(component out musl)
    [ "$named" != "[]" ] || skip "the stub was built with another C library"
    run $loader # its status is 1
    same "['$(sed -n 's/^Version //p' <<<"$output")']" "$named"
}

@test "strip and objcopy keep the versions, the package and the texts" {
    need strip objcopy
    speaking prog.v1 "thing 1.2.3 by someone"
    "$TOOL" create -q -o out --package-metadata '{"name":"prog"}' prog.v1
    "$TOOL" list -v out | sed 1d >wanted
    finds '^launcher: ' <wanted
    texts_of out >texts.wanted
    finds 'thing 1\.2\.3' <texts.wanted
    for command in strip "objcopy -g"; do
        cp out copy
        $command copy
        "$TOOL" list -v copy | sed 1d | diff wanted -
        texts_of copy | diff texts.wanted -
        same "$(package_of out)" "$(package_of copy)"
        ./copy
    done
}

@test "a bundle without such notes, or with unknown ones, is a bundle like any other" {
    need python3
    "$TOOL" create -o out "$FIXTURES/level.v1"
    for name in .note.fatelf.components .note.fatelf.creator; do
        offset=$(section out $name offset)
        poke out $((offset + 8)) '\177' # the type
    done
    same "None None" "$("$TOOL" list --json out | json '"%s %s" % (d["launcher"], d["create"])')"
    "$TOOL" list -v out >listed
    run -1 grep -E 'launcher|create' listed
    prints "out: ok, v1" verify out
    same v1 "$(./out)"
}

@test "names and versions from a file are escaped" {
    need python3
    "$TOOL" create -o out "$FIXTURES/level.v1"
    offset=$(section out .note.fatelf.components offset)
    room=$(section out .note.fatelf.components size)
    place=$((offset + 28)) room=$((room - 28))
    poke out "$place" '\33[31m\377'
    "$TOOL" list -v out | finds '^launcher: \\033\[31m'
    # one line without a space
    poke out "$place" "$(head -c $((room - 4)) /dev/zero | tr '\0' x)"
    same "{'version': '', 'components': []}" "$("$TOOL" list --json out | json 'd["launcher"]')"
    # no zero at the end
    poke out "$place" "$(head -c $room /dev/zero | tr '\0' x)"
    same None "$("$TOOL" list --json out | json 'd["launcher"]')"
}

@test "--package-metadata makes the note that ld makes" {
    json='{"type":"deb","name":"prog","version":"1.2-3"}'
    program linked.v1 -Xlinker "--package-metadata=$json"
    package_of linked.v1 >section
    skip_unless "this linker has no --package-metadata" grep '7e 1a fe ca' section
    program prog.v1
    "$TOOL" create -q -o out --package-metadata "$json" prog.v1
    same "$(package_of linked.v1)" "$(package_of out)"
}

@test "--package-metadata takes a JSON object, and what linkers take for its characters" {
    need readelf
    for length in '' 1 12 123; do
        for launch in memfd inplace; do
            "$TOOL" create -q --force -o out --launch "$launch" --package-metadata "{\"v\":\"$length\"}" "$FIXTURES/level.v1"
            readelf -nW out | finds -F "Packaging Metadata: {\"v\":\"$length\"}"
            same v1 "$(./out)"
        done
    done
    "$TOOL" create -q --force -o out --package-metadata '%7b%[quot]a%[quot]:%[space]"%25"%[comma]"b":{%[rbrace]}' \
        "$FIXTURES/level.v1"
    readelf -nW out | finds -F 'Packaging Metadata: {"a": "%","b":{}}'
}

@test "--package-metadata refuses what is not a JSON object" {
    end="; see 'fatelf-amd64 create --help'"
    for bad in text '[1]' '"text"' '{"a":1' '{"a":1} x' "{'a':1}" '{"a":1,}' '{"a":NaN}' $'{"a":"\t"}' null $'{"a":"\377"}'; do
        refuses 2 "create: --package-metadata: not a JSON object$end" create -o out --package-metadata "$bad" prog
    done
    for bad in '{"a":"50%"}' '%' '%7' '%zz' '%00' '%[dot]' '{"a":1}%'; do
        refuses 2 "create: --package-metadata: a % in it does not start a known escape; write %25 for it$end" \
            create -o out --package-metadata "$bad" prog
    done
}

@test "--package-metadata replaces what the builds have, and an empty one removes it" {
    need readelf
    program prog.v1 -Xlinker '--package-metadata={"name":"old"}'
    readelf -nW prog.v1 >notes
    skip_unless "this linker has no --package-metadata" grep Packaging notes
    "$TOOL" create -q -o out prog.v1
    readelf -nW out | finds -F '{"name":"old"}'
    "$TOOL" create -q --force -o out --package-metadata '{"name":"new"}' prog.v1
    readelf -nW out | finds -F '{"name":"new"}'
    readelf -nW out >notes
    run -1 grep old notes
    "$TOOL" create -q --force -o out --package-metadata '' prog.v1
    readelf -nW out >notes
    run -1 grep Packaging notes
}

@test "build and join take --package-metadata" {
    need readelf
    "$TOOL" build -q -l v1 -o out --package-metadata '{"name":"p"}' -- cp "$FIXTURES/level.v1" '{}'
    readelf -nW out | finds -F '{"name":"p"}'
    cp "$FIXTURES/level.v1" prog.v1
    cp "$FIXTURES/level.v2" prog.v2
    "$TOOL" join -q --package-metadata '{"name":"q"}' .
    readelf -nW prog | finds -F '{"name":"q"}'
}

@test "a compressed bundle has the texts with numbers and dates of its lowest build, and their neighbours" {
    speaking prog.v1 "far before" "before 4" "before 3" "before 2" "before 1" "zlib 1.2.13" "after 1" "after 2" \
        "after 3" "after 4" "far after" "other" "x" "x1" "3.40.1" "b 2" "2022-12-28 14:03:47 df5c" "c 3" "1.x" "2022-1-28"
    wanted="
before 4
before 3
before 2
before 1
zlib 1.2.13
after 1
after 2
after 3
after 4
far after
other
3.40.1
b 2
2022-12-28 14:03:47 df5c
c 3
1.x
2022-1-28"
    speaking prog.v2 "zlib 9.9.9"
    for options in "" "--no-delta --compress zstd:3" "--launch inplace --compress zstd"; do
        # shellcheck disable=SC2086 # words
        "$TOOL" create -q --force -o out $options prog.v[12]
        texts_of out >got
        # the C library's start files may have texts as well
        finds -x '3\.40\.1' <got
        same "$wanted" "$(sed -n '1p; /^before 4$/,/^2022-1-28$/p' got)"
        run -1 grep -e 'far before' -e '9\.9\.9' got
        ./out
    done
}

@test "texts that are too short or too long do not count" {
    long=$(printf '%0256d' 0 | tr 0 a)
    speaking prog.v1 "1.2" "${long:3}1.2" "${long:3}1.23" "x.v" "1.2\\t3\\1772.3.4\\3773.4.5"
    "$TOOL" create -q -o out prog.v1
    texts_of out >got
    same "1.2
${long:3}1.2
x.v
1.2	3
2.3.4
3.4.5" "$(sed -n '/^1\.2$/,/^3\.4\.5$/p' got)"
}

@test "the texts have at most 64 KiB" {
    many=()
    for ((i = 0; i < 9000; i++)); do many+=("version 1.$i"); done
    speaking prog.v1 "${many[@]}"
    "$TOOL" create -q -o out prog.v1
    size=$(section out .fatelf.strings size)
    [ "$size" -le 65536 ]
    [ "$size" -gt 65500 ]
    texts_of out | finds -x 'version 1\.1'
}

@test "a bundle has no texts if it is not compressed, with --no-strings, or if there are none" {
    speaking prog.v1 "zlib 1.2.13"
    speaking none.v1 "no version"
    "$TOOL" create -q -o stored --launch inplace prog.v1
    "$TOOL" create -q -o stored-memfd --compress none prog.v1
    "$TOOL" create -q -o without --no-strings prog.v1
    "$TOOL" create -q -o none none.v1
    for bundle in stored stored-memfd without none; do
        readelf -SW $bundle >sections
        run -1 grep -F .fatelf.strings sections
    done
    "$TOOL" create -q -o out prog.v1
    readelf -SW out | finds -F .fatelf.strings
}

@test "add, replace and remove give what create makes, with texts and package" {
    for level in 1 2 3; do
        speaking prog.v$level "zlib 1.$level.0" "level $level"
        speaking again.v$level "zlib 2.$level.0" "level $level"
    done
    for options in "" "--no-strings" "--launch inplace" "--package-metadata={}" "--package-metadata="; do
        # shellcheck disable=SC2086 # words
        {
            "$TOOL" create -q --force $options -o 1 prog.v1
            "$TOOL" create -q --force $options -o 12 prog.v1 prog.v2
            "$TOOL" create -q --force $options -o 23 prog.v2 prog.v3
            "$TOOL" create -q --force $options -o 123 prog.v1 prog.v2 prog.v3
            "$TOOL" create -q --force $options -o again again.v1 prog.v2 prog.v3
        }
        succeeds add -q --force -o out 23 prog.v1
        cmp out 123
        succeeds add -q --force -o out 1 prog.v2
        cmp out 12
        succeeds remove --force -o out 123 v1
        cmp out 23
        succeeds remove --force -o out 123 v3
        cmp out 12
        succeeds replace -q --force -o out 123 again.v1
        cmp out again
    done
}

@test "scanners find what they look for: zlib's texts in a program that is linked with it" {
    need strings
    printf '#include <zlib.h>\nint main(void) { z_stream s = {0}; return inflateInit(&s) || deflateInit(&s, 9); }\n' |
        cc -x c -O2 -o prog.v1 - -Wl,-Bstatic -lz -Wl,-Bdynamic 2>/dev/null || skip "there is no libz.a"
    pattern=' (de|in)flate [01]\.[0-9]+(\.[0-9]+)+ Copyright'
    same 2 "$(strings prog.v1 | grep -cE "$pattern")"
    "$TOOL" create -q -o out prog.v1
    same "$(strings prog.v1 | grep -E "$pattern")" "$(strings out | grep -E "$pattern")"
    "$TOOL" create -q -o without --no-strings prog.v1
    strings without >found
    run -1 grep -E "$pattern" found
}

@test "the build-id of a bundle does not depend on that of the stub" {
    cp "$BUILD/fatelf-amd64-stub" stub
    "$TOOL" create -q -o out "$FIXTURES/level.v1"
    offset=$(section stub .note.gnu.build-id offset)
    flip stub $((offset + 16)) 255
    "$TOOL" create -q -o other --stub stub "$FIXTURES/level.v1"
    cmp out other
}
