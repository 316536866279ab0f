# SPDX-License-Identifier: MIT
# What `create` makes, and what each option does.
load ../common
load helper
bats_require_minimum_version 1.5.0

# What a bundle holds for a level, through other tools than ours.
payload() {
    objcopy -O binary --only-section=".fatelf.$2" "$1" "$3"
}

@test "four builds become one executable that runs the best of them" {
    succeeds create -o out "$FIXTURES"/level.v[1-4]
    same "v1 v2 v3 v4" "$(levels out)"
    same "v$(machine_level) some words" "$(./out some words)"
}

@test "any non-empty set of levels makes a bundle" {
    for set in 1 2 3 4 12 13 14 23 24 34 123 124 134 234; do
        builds=()
        for ((i = 0; i < ${#set}; i++)); do
            builds+=("$FIXTURES/level.v${set:i:1}")
        done
        succeeds create --force -o out "${builds[@]}"
        same "$set" "$(levels out | tr -d 'v ')"
    done
}

@test "every kind of program is taken and runs: PIE or not, static or not, with and without its section headers" {
    need llvm-strip
    program pie.v1 -pie -fPIE
    program fixed.v1 -no-pie
    program static.v1 -static
    program static-pie.v1 -static-pie -fPIE
    llvm-strip --strip-sections -o bare.v1 pie.v1
    for kind in pie fixed static static-pie bare; do
        same "$kind: 0" "$kind: $("./$kind.v1"; echo $?)"
        tool create -q -o "$kind" "$kind.v1"
        same "$kind: 0 " "$kind: $status $stderr"
        same "$kind: 0" "$kind: $("./$kind"; echo $?)"
    done
}

@test "zstd and objcopy give each build back without this tool" {
    need zstd objcopy
    succeeds create -o out "$FIXTURES"/level.v[1-4]
    for level in v1 v2 v3 v4; do
        payload out "$level" payload
        zstd -q -d <payload >build
        cmp build "$FIXTURES/level.$level"
    done
}

@test "-o takes its value as a word, attached, and as --output" {
    succeeds create -o one "$FIXTURES/level.v1"
    succeeds create "$FIXTURES/level.v1" -otwo
    succeeds create --output three "$FIXTURES/level.v1"
    succeeds create "$FIXTURES/level.v1" --output=four
    for name in two three four; do
        cmp one "$name"
    done
}

@test "an output's name may be as long as file names can be" {
    name=$(printf 'x%.0s' {1..255})
    succeeds create -o "$name" "$FIXTURES/level.v1"
    same v1 "$(levels "$name")"
}

@test "names with spaces, newlines and a leading dash are just names" {
    cp "$FIXTURES/level.v1" $'a \n*.v1'
    cp "$FIXTURES/level.v2" -- -dash.v2
    succeeds create -o $'out \n' -- $'a \n*.v1' -dash.v2
    same $'v1 v2' "$(levels $'out \n')"
}

@test "--compress zstd is the default" {
    succeeds create -o default "$FIXTURES"/level.v[1-4]
    succeeds create -o named --compress zstd "$FIXTURES"/level.v[1-4]
    cmp default named
    same "['zstd', 'zstd', 'zstd', 'zstd']" \
        "$("$TOOL" list --json named | json '[v["encoding"] for v in d["variants"]]')"
}

@test "--compress zstd:N takes all of zstd's levels, and higher ones pack tighter" {
    cp "$BASH" shell.v1
    for level in 1 9 22; do
        succeeds create -o "$level" --compress "zstd:$level" shell.v1
        succeeds verify -q "$level"
    done
    [ "$(stat -c %s 22)" -lt "$(stat -c %s 9)" ]
    [ "$(stat -c %s 9)" -lt "$(stat -c %s 1)" ]
    # the default is tuned, so it is none of these
    succeeds create -o default shell.v1
    run ! cmp -s default 9
}

@test "--compress none stores the builds as they are, each on a page of its own" {
    need objcopy
    succeeds create -o out --compress none "$FIXTURES"/level.v[1-4]
    same "['stored', 'stored', 'stored', 'stored']" \
        "$("$TOOL" list --json out | json '[v["encoding"] for v in d["variants"]]')"
    for level in v1 v2 v3 v4; do
        payload out "$level" payload
        cmp payload "$FIXTURES/level.$level"
        same 0 $(($(section out ".fatelf.$level" offset) % 4096))
    done
    succeeds verify -q out
    same "v$(machine_level)" "$(./out)"
}

@test "the last --compress on the line counts" {
    succeeds create -o out --compress none --compress zstd "$FIXTURES/level.v1"
    succeeds create -o plain "$FIXTURES/level.v1"
    cmp out plain
}

@test "a --compress that nobody knows is a usage error" {
    for value in gzip ZSTD zstd: zstd:0 zstd:23 zstd:-1 zstd:3x zstd:x zstd:99999999999999999999 none:1 ""; do
        refuses 2 "create: --compress $value: not none, zstd or zstd:1 to zstd:22; see 'fatelf-amd64 create --help'" \
            create -o out --compress "$value" "$FIXTURES/level.v1"
    done
}

@test "a -j that is no number of processors is a usage error" {
    for value in 0 -1 1025 x 2x 1.5 99999999999999999999 ""; do
        refuses 2 "create: -j $value: not a number from 1 to 1024; see 'fatelf-amd64 create --help'" \
            create -o out -j "$value" "$FIXTURES/level.v1"
        refuses 2 "create: -j $value: not a number from 1 to 1024; see 'fatelf-amd64 create --help'" \
            create -o out "--jobs=$value" "$FIXTURES/level.v1"
    done
}

@test "a number with a space or a sign in front is not a number" {
    refuses 2 "create: -j  2: not a number from 1 to 1024; see 'fatelf-amd64 create --help'" \
        create -o out -j " 2" "$FIXTURES/level.v1"
    refuses 2 "create: --compress zstd:+5: not none, zstd or zstd:1 to zstd:22; see 'fatelf-amd64 create --help'" \
        create -o out --compress zstd:+5 "$FIXTURES/level.v1"
}

@test "-j sets how many threads compress" {
    need gdb
    gdb -q -batch -ex run --args true 2>&1 | grep -q 'exited normally' || skip "processes cannot be traced here"
    { cat "$FIXTURES/level.v1" && head -c 8M /dev/zero; } >large.v1
    for jobs in 1 3; do
        gdb -q -batch -ex run --args "$TOOL" create -q --force -o out -j "$jobs" large.v1 >gdb.log 2>&1
        same "$jobs" "$(grep -c '^\[New Thread' gdb.log)"
    done
}

@test "--launch memfd is what a bundle has anyway" {
    succeeds create -o default "$FIXTURES/level.v1"
    succeeds create -o named --launch memfd "$FIXTURES/level.v1"
    cmp default named
    same memfd "$("$TOOL" list --json named | json 'd["launch"]')"
}

@test "--launch inplace stores the builds as they are, in a segment that may be executed" {
    succeeds create -o stored --launch inplace "$FIXTURES/level.v1" "$FIXTURES/level.v2"
    same inplace "$("$TOOL" list --json stored | json 'd["launch"]')"
    same "(['stored', 'stored'], [True, True])" \
        "$("$TOOL" list --json stored | json '[v["encoding"] for v in d["variants"]], [v["in_place"] for v in d["variants"]]')"
    same "R E" "$(readelf -lW stored | awk '/LOAD/ {flags = $7 " " $8} END {print flags}')"
    succeeds create -o packed --launch inplace --compress zstd "$FIXTURES/level.v1"
    same "('inplace', 'zstd')" "$("$TOOL" list --json packed | json 'd["launch"], d["variants"][0]["encoding"]')"
    refuses 2 "create: --base needs --compress zstd; see 'fatelf-amd64 create --help'" \
        create -o no --launch inplace --base v1 "$FIXTURES/level.v1"
}

@test "a build that only exec can start is bundled for memfd, with a warning" {
    printf '.globl _start\n_start: mov $60, %%eax\n xor %%edi, %%edi\n syscall\n' >start.s
    for i in $(seq 20); do printf '.section .s%d,"aw"\n.long %d\n' "$i" "$i"; done >>start.s
    { echo 'PHDRS { text PT_LOAD FLAGS(5);'; printf ' p%d PT_LOAD FLAGS(6);' $(seq 20); echo ' }'
      echo 'SECTIONS { . = 0x400000; .text : { *(.text) } :text'
      for i in $(seq 20); do echo ". = ALIGN(4096); .s$i : { *(.s$i) } :p$i"; done; echo '}'; } >many.ld
    gcc -nostdlib -static -Wl,-T,many.ld,--build-id=none -o many start.s
    ./many
    run --separate-stderr "$TOOL" create --launch inplace -o out v1=many
    same 0 "$status"
    same "fatelf-amd64: warning: many: cannot be started in place: it has more than 16 segments; it will be started by memfd" \
        "$stderr"
    same False "$("$TOOL" list --json out | json 'd["variants"][0]["in_place"]')"
    run --separate-stderr env FATELF_AMD64_DEBUG=log ./out
    same 0 "$status"
    [[ $stderr == *"starting v1 by memfd"* && $stderr != *inplace* ]]
}

@test "--align puts builds at multiples of a size in the file and in memory" {
    succeeds create -o aligned --launch inplace --align 2M "$FIXTURES/level.v1" "$FIXTURES/level.v2"
    readelf -SW aligned | sed 's/^ *\[ *[0-9]*\] *//' | awk '/^\.fatelf\.v/ {
        n++; if ($3 $4 !~ /^([0-9a-f]*[02468ace]00000)+$/ || length($4) != 6) bad = 1 } END { exit bad || n != 2 }'
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

@test "a --launch method that nobody knows is a usage error" {
    for value in in-place MEMFD exec ""; do
        refuses 2 "create: --launch $value: not memfd or inplace; see 'fatelf-amd64 create --help'" \
            create -o out --launch "$value" "$FIXTURES/level.v1"
    done
}

@test "--go-env makes a bundle that honours GOAMD64, and only --go-env does" {
    succeeds create -o with --go-env "$FIXTURES"/level.v[1-4]
    succeeds create -o without "$FIXTURES"/level.v[1-4]
    same True "$("$TOOL" list --json with | json 'd["go_env"]')"
    same False "$("$TOOL" list --json without | json 'd["go_env"]')"
    same v1 "$(GOAMD64=v1 ./with)"
    same "v$(machine_level)" "$(GOAMD64=v1 ./without)"
}

@test "--stub takes another stub, and a copy of the usual one gives the same bundle" {
    cp "$BUILD/fatelf-amd64-stub" stub
    succeeds create -o usual "$FIXTURES/level.v1"
    succeeds create -o copy --stub stub "$FIXTURES/level.v1"
    cmp usual copy
}

# The launcher that is in the bundle is the one that was linked: a TLS segment of another size, say, would move all of
# its thread-local variables.
@test "each stub keeps its segments as they were linked, and runs" {
    [ -e "$BUILD/stub-system/fatelf-amd64-stub" ] || skip "the stub for the compiler's own C library is not built"
    for stub in "$BUILD"/stub-*/fatelf-amd64-stub; do
        tool create --force -o out --stub "$stub" "$FIXTURES/level.v1"
        same "$stub: 0 " "$stub: $status $stderr"
        same v1 "$(./out)"
        readelf -lW out | sed -nE 's/^  (LOAD|TLS|DYNAMIC|GNU_STACK) /\1/p' >segments
        readelf -lW "$stub" | sed -nE 's/^  (LOAD|TLS|DYNAMIC|GNU_STACK) /\1/p' >wanted
        [ -s wanted ]
        same "" "$(grep -vxFf segments wanted)"
    done
}

@test "the stub is found beside the tool, and in libexec beside its folder" {
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

@test "-v says what was written, to the byte" {
    tool create -v -o out "$FIXTURES/level.v1" "$FIXTURES/level.v3"
    same 0 "$status"
    same "" "$output"
    wanted=$(python3 - out "$FIXTURES/level.v1" "$FIXTURES/level.v3" \
        "$(section out .fatelf.v1 size)" "$(section out .fatelf.v3 size)" <<'PYTHON'
import os, sys
out, v1, v3, p1, p3 = sys.argv[1:]
size = os.path.getsize
for level, build, payload in (1, v1, int(p1)), (3, v3, int(p3)):
    print("v%d: %s, %d bytes, %.1f %% of its size, zstd" % (level, build, payload, payload * 100 / size(build)))
print("%s: %d bytes, %.2f times the largest build" % (out, size(out), size(out) / max(size(v1), size(v3))))
PYTHON
    )
    same "$wanted" "$stderr"
    tool create --verbose --force -o out "$FIXTURES/level.v1" "$FIXTURES/level.v3"
    same "$wanted" "$stderr"
}

@test "-v says which builds are stored" {
    tool create -v --compress none -o out "$FIXTURES/level.v1"
    size=$(stat -c %s "$FIXTURES/level.v1")
    same "v1: $FIXTURES/level.v1, $size bytes, 100.0 % of its size, stored" "${stderr%%$'\n'*}"
}

# --- warnings -----------------------------------------------------------------------------------------------------

origin_warning="finds its libraries through \$ORIGIN, which is not the bundle's folder when it is started from memory"

@test "a build that finds libraries through \$ORIGIN is warned about and bundled" {
    program runpath.v1 -Wl,--enable-new-dtags,-rpath,'/lib:$ORIGIN/../lib'
    program rpath.v2 -Wl,--disable-new-dtags,-rpath,'$ORIGIN'
    program braces.v3 -Wl,-rpath,'${ORIGIN}/lib'
    program plain.v4 -Wl,-rpath,/opt/lib
    tool create -o out runpath.v1 rpath.v2 braces.v3 plain.v4
    same 0 "$status"
    same "fatelf-amd64: warning: runpath.v1: $origin_warning
fatelf-amd64: warning: rpath.v2: $origin_warning
fatelf-amd64: warning: braces.v3: $origin_warning" "$stderr"
    same "v1 v2 v3 v4" "$(levels out)"
}

@test "a build that is not executable is warned about and bundled" {
    cp "$FIXTURES/level.v1" "$FIXTURES/level.v2" .
    chmod a-x level.v2
    tool create -o out level.v1 level.v2
    same 0 "$status"
    same "fatelf-amd64: warning: level.v2: not executable, so the bundle is not either; 'chmod +x' it" "$stderr"
    [ ! -x out ]
    same "v1 v2" "$(levels out)"
}

@test "-q silences the warnings and changes nothing else" {
    program odd.v1 -Wl,-rpath,'$ORIGIN'
    chmod a-x odd.v1
    tool create -o loud odd.v1
    [ -n "$stderr" ]
    succeeds create -q -o quiet odd.v1
    cmp loud quiet
    succeeds create --quiet --force -o quiet odd.v1
    refuses 1 "quiet: exists; --force replaces it" create -q -o quiet odd.v1
}

# --- permissions --------------------------------------------------------------------------------------------------

@test "the bundle has the permissions that all builds have, whatever the umask" {
    cp "$FIXTURES"/level.v[1-4] .
    while read -r v1 v2 v3 v4 wanted; do
        chmod "$v1" level.v1
        chmod "$v2" level.v2
        chmod "$v3" level.v3
        chmod "$v4" level.v4
        for mask in 000 022 077; do
            umask "$mask"
            rm -f out
            succeeds create -o out level.v1 level.v2 level.v3 level.v4
            same "$mask: $wanted" "$mask: $(stat -c %a out)"
        done
        umask 022
    done <<'END'
755 755 755 755 755
755 755 750 755 750
777 755 775 711 711
700 700 700 700 700
755 744 755 755 744
1777 777 777 777 777
555 555 555 555 555
END
}

@test "a umask that takes the owner's own rights is no obstacle" {
    without_privilege
    umask 777
    succeeds create -o out "$FIXTURES"/level.v[1-2]
    umask 022
    same "$(stat -c %a "$FIXTURES/level.v1")" "$(stat -c %a out)"
}

@test "a bundle that replaces a file has the builds' permissions, not the file's" {
    echo old >out
    chmod 0600 out
    succeeds create --force -o out "$FIXTURES/level.v1"
    same "$(stat -c %a "$FIXTURES/level.v1")" "$(stat -c %a out)"
}
