# SPDX-License-Identifier: MIT
# The options of `create` that decide how variants are stored, and which stub the bundle begins with.
load ../lib/common
load ../lib/tool
load ../lib/elf
load ../lib/tracing

# encodings BUNDLE: of its variants, as a Python list
encodings() {
    "$TOOL" list --json "$1" | json '[v["encoding"] for v in d["variants"]]'
}

# --- --compress ---------------------------------------------------------------------------------------------------

@test "--compress zstd is the default" {
    succeeds create -o default "$FIXTURES"/level.v[1-4]
    succeeds create -o named --compress zstd "$FIXTURES"/level.v[1-4]
    cmp default named
    same "['zstd', 'zstd', 'zstd', 'zstd']" "$(encodings named)"
}

@test "--compress zstd:N accepts all of zstd's levels, and higher levels compress better" {
    cp "$BASH" shell.v1
    for level in 1 9 22; do
        succeeds create -o "$level" --compress "zstd:$level" shell.v1
        succeeds verify -q "$level"
    done
    [ "$(stat -c %s 22)" -lt "$(stat -c %s 9)" ]
    [ "$(stat -c %s 9)" -lt "$(stat -c %s 1)" ]
    # the default is tuned, so it is none of these
    succeeds create -o default shell.v1
    run -1 cmp -s default 9
}

@test "--compress none stores the builds unchanged, each at the start of a page" {
    need objcopy
    succeeds create -o out --compress none "$FIXTURES"/level.v[1-4]
    same "['stored', 'stored', 'stored', 'stored']" "$(encodings out)"
    for level in v1 v2 v3 v4; do
        objcopy -O binary --only-section=".fatelf.$level" out payload
        cmp payload "$FIXTURES/level.$level"
        offset=$(section out ".fatelf.$level" offset)
        same 0 $((offset % 4096))
    done
    succeeds verify -q out
    same "v$(machine_level)" "$(./out)"
}

@test "the last --compress on the command line counts" {
    succeeds create -o out --compress none --compress zstd "$FIXTURES/level.v1"
    succeeds create -o plain "$FIXTURES/level.v1"
    cmp out plain
}

@test "an unknown value of --compress is a usage error" {
    for value in gzip ZSTD zstd: zstd:0 zstd:23 zstd:-1 zstd:3x zstd:x zstd:99999999999999999999 none:1 ""; do
        refuses 2 "create: --compress $value: not none, zstd or zstd:1 to zstd:22; see 'fatelf-amd64 create --help'" \
            create -o out --compress "$value" "$FIXTURES/level.v1"
    done
}

# --- -j -----------------------------------------------------------------------------------------------------------

@test "-j sets how many threads compress, and how many check the result" {
    need_gdb
    { cat "$FIXTURES/level.v1" && head -c 8M /dev/zero; } >large.v1
    for jobs in 1 3; do
        gdb -q -batch -ex run --args "$TOOL" create -q --force -o out -j "$jobs" large.v1 >gdb.log 2>&1
        same "$((2 * jobs))" "$(grep -c '^\[New Thread' gdb.log)"
    done
}

@test "a value of -j that is no number from 1 to 1024 is a usage error" {
    for value in 0 -1 1025 x 2x 1.5 99999999999999999999 ""; do
        refuses 2 "create: -j $value: not a number from 1 to 1024; see 'fatelf-amd64 create --help'" \
            create -o out -j "$value" "$FIXTURES/level.v1"
        refuses 2 "create: -j $value: not a number from 1 to 1024; see 'fatelf-amd64 create --help'" \
            create -o out "--jobs=$value" "$FIXTURES/level.v1"
    done
}

@test "a number with a space or a sign in front of it is a usage error" {
    refuses 2 "create: -j  2: not a number from 1 to 1024; see 'fatelf-amd64 create --help'" \
        create -o out -j " 2" "$FIXTURES/level.v1"
    refuses 2 "create: --compress zstd:+5: not none, zstd or zstd:1 to zstd:22; see 'fatelf-amd64 create --help'" \
        create -o out --compress zstd:+5 "$FIXTURES/level.v1"
}

# --- --launch and --align -----------------------------------------------------------------------------------------

@test "--launch memfd is the default" {
    need python3
    succeeds create -o default "$FIXTURES/level.v1"
    succeeds create -o named --launch memfd "$FIXTURES/level.v1"
    cmp default named
    same memfd "$("$TOOL" list --json named | json 'd["launch"]')"
}

@test "--launch inplace stores the builds unchanged, in an executable segment" {
    need python3
    succeeds create -o stored --launch inplace "$FIXTURES/level.v1" "$FIXTURES/level.v2"
    same "('inplace', ['stored', 'stored'], [True, True])" "$("$TOOL" list --json stored |
        json 'd["launch"], [v["encoding"] for v in d["variants"]], [v["in_place"] for v in d["variants"]]')"
    same "R E" "$(readelf -lW stored | awk '/LOAD/ {flags = $7 " " $8} END {print flags}')"
    succeeds create -o packed --launch inplace --compress zstd "$FIXTURES/level.v1"
    same "('inplace', 'zstd')" "$("$TOOL" list --json packed | json 'd["launch"], d["variants"][0]["encoding"]')"
    refuses 2 "create: --base needs --compress zstd; see 'fatelf-amd64 create --help'" \
        create -o no --launch inplace --base v1 "$FIXTURES/level.v1"
}

@test "an unknown launch method is a usage error" {
    for value in in-place MEMFD exec ""; do
        refuses 2 "create: --launch $value: not memfd or inplace; see 'fatelf-amd64 create --help'" \
            create -o out --launch "$value" "$FIXTURES/level.v1"
    done
}

@test "a build that only exec can start is bundled for memfd, with a warning" {
    need python3
    printf '.globl _start\n_start: mov $60, %%eax\n xor %%edi, %%edi\n syscall\n' >start.s
    for i in {1..20}; do printf '.section .s%d,"aw"\n.long %d\n' "$i" "$i"; done >>start.s
    {
        echo 'PHDRS { stack PT_GNU_STACK FLAGS(6); text PT_LOAD FLAGS(5);'
        printf ' p%d PT_LOAD FLAGS(6);' {1..20}
        echo ' }'
        echo 'SECTIONS { . = 0x400000; .text : { *(.text) } :text'
        for i in {1..20}; do echo ". = ALIGN(4096); .s$i : { *(.s$i) } :p$i"; done
        echo '}'
    } >many.ld
    gcc -nostdlib -static -Wl,-T,many.ld,--build-id=none -o many start.s
    ./many
    tool create --launch inplace -o bundle v1=many
    same 0 "$status"
    reason="it has more than 16 segments"
    same "fatelf-amd64: warning: many: cannot be started in place: $reason; it will be started by memfd" "$stderr"
    same False "$("$TOOL" list --json bundle | json 'd["variants"][0]["in_place"]')"
    FATELF_AMD64_DEBUG=log capture ./bundle
    same 0 "$status"
    grep -q 'starting v1 by memfd' err
    run -1 grep inplace err
}

@test "--align puts builds at multiples of a size, in the file and in memory" {
    succeeds create -o aligned --launch inplace --align 2M "$FIXTURES/level.v1" "$FIXTURES/level.v2"
    for level in v1 v2; do
        address=$(section aligned ".fatelf.$level" address)
        offset=$(section aligned ".fatelf.$level" offset)
        ((offset > 0 && offset % (2 << 20) == 0 && address % (2 << 20) == 0))
    done
    same v2 "$(FATELF_AMD64=v2 ./aligned)"
    same ok "$("$TOOL" verify aligned | sed 's/.*: \(ok\),.*/\1/')"
    for value in 0 1 4095 4097 3M 2G 1T 4k "" K -4K 2MB 17179869185G 99999999999999999999; do
        refuses 2 "create: --align $value: not a power of two from 4K to 1G; see 'fatelf-amd64 create --help'" \
            create -o no --align "$value" "$FIXTURES/level.v1"
    done
    for value in 4K 4096 1M; do
        succeeds create --force -o small --align $value "$FIXTURES/level.v1"
    done
}

# --- --stub -------------------------------------------------------------------------------------------------------

@test "--stub uses another stub, and a copy of the usual one gives the same bundle" {
    cp "$BUILD/fatelf-amd64-stub" stub
    succeeds create -o usual "$FIXTURES/level.v1"
    succeeds create -o copy --stub stub "$FIXTURES/level.v1"
    cmp usual copy
}

# list_segments FILE: the segments of the launcher, except for its PT_DYNAMIC: the bundle has one of its own
list_segments() {
    readelf -lW "$1" | sed -nE 's/^  (LOAD|TLS|GNU_STACK) /\1/p'
}

# The launcher in the bundle is the one that was linked: a TLS segment of another size, for example, would move all of
# its thread-local variables.
@test "each stub keeps its segments as they were linked, and runs" {
    [ -e "$BUILD/stub-system/fatelf-amd64-stub" ] || skip "the stub for the compiler's own C library is not built"
    for stub in "$BUILD"/stub-*/fatelf-amd64-stub; do
        tool create --force -o out --stub "$stub" "$FIXTURES/level.v1"
        same "$stub: 0 " "$stub: $status $stderr"
        same v1 "$(./out)"
        list_segments out >segments
        list_segments "$stub" >wanted
        [ -s wanted ]
        run -1 grep -vxFf segments wanted
    done
}

@test "the stub is found beside the tool, and in libexec beside the tool's folder" {
    mkdir -p beside prefix/bin prefix/libexec/fatelf-amd64
    cp "$TOOL" "$BUILD/fatelf-amd64-stub" beside
    cp "$TOOL" prefix/bin
    cp "$BUILD/fatelf-amd64-stub" prefix/libexec/fatelf-amd64
    succeeds create -o usual "$FIXTURES/level.v1"
    for TOOL in "$PWD/beside/fatelf-amd64" "$PWD/prefix/bin/fatelf-amd64"; do
        succeeds create --force -o out "$FIXTURES/level.v1"
        cmp usual out
    done
}
