# SPDX-License-Identifier: MIT
# check: which instructions a build contains, its level, and the lowest level that it looks made for. And what `create` says
# about builds whose instructions do not fit their levels.
load ../lib/common
load ../lib/tool

setup_file() {
    missing "this fatelf-amd64 has no instruction decoder" grep -q HAVE_ZYDIS "$BUILD/config.mk"
    [ -z "$MISSING" ] || return 0
    cd "$BATS_FILE_TMPDIR" || return 1
    # a program whose instructions are known, without a C library
    cat >known.S <<'ASM'
    .intel_syntax noprefix
    .globl _start, twice
    .type twice, @function
_start:
    nop
    popcnt eax, ecx
    tzcnt eax, ecx
    aesenc xmm0, xmm1
    call twice
    mov eax, 60
    xor edi, edi
    syscall
    .skip 4096 - (. - _start), 0x90 # one-byte NOPs
twice:
    vpaddd ymm0, ymm0, ymm1
    vpaddd ymm0, ymm0, ymm1
    shlx eax, ecx, edx
    lzcnt eax, ecx
    ret
    .size twice, . - twice
ASM
    cc -nostdlib -static -Wl,--build-id=none -o known known.S
    # a program in which the compiler finds something to do for every level
    cp "$TOP/tests/lib/sum.c" .
    for level in '' -v2 -v3 -v4; do
        cc -O3 -ffast-math -march=x86-64$level -o "sum.${level:--v1}" sum.c
    done
}

setup() {
    start_test
    cp "$BATS_FILE_TMPDIR"/{known,sum.-v1,sum.-v3,sum.-v4} .
    mv sum.-v1 right.v1
    mv sum.-v3 right.v3
    mv sum.-v4 right.v4
}

pages="LEVEL  INSTRUCTIONS     PAGES   SHARE"

@test "check counts instructions and pages by level" {
    prints "known: level unknown; looks made for v3 or higher
$pages
v1             4075         0    0.0%
v2                1         1   50.0%
v3                4         1   50.0%
v4                0         0    0.0%
other             1
ABOVE v1      FUNCTION
           4  twice" check known
}

@test "check names the level of a build and where it is from" {
    cp known known.v3
    tool check known.v3
    same "known.v3: v3 (file name); looks made for v3 or higher" "${output%%$'\n'*}"
    tool check v4=known.v3
    same "known.v3: v4 (command line); looks made for v3 or higher" "${output%%$'\n'*}"
    # Go's build information, in the form with inline strings
    {
        printf '\377 Go buildinf:\10\2%16s\10go1.22.0\74' ''
        printf '%s\n' 0123456789abcdef $'path\tcommand' $'build\tGOAMD64=v3' 0123456789ab
    } >buildinfo
    objcopy --add-section .go.buildinfo=buildinfo known recorded
    tool check recorded
    same "recorded: v3 (Go build information); looks made for v3 or higher" "${output%%$'\n'*}"
    same 0 "$status"
    refuses 1 "recorded: given as v1, but its Go build information says v3; give it as v3, or build it for v1" \
        check v1=recorded
}

@test "a level in the file name does not hide where the level is recorded" {
    {
        printf '\377 Go buildinf:\10\2%16s\10go1.22.0\74' ''
        printf '%s\n' 0123456789abcdef $'path\tcommand' $'build\tGOAMD64=v3' 0123456789ab
    } >buildinfo
    objcopy --add-section .go.buildinfo=buildinfo known recorded.v3
    tool check recorded.v3
    same "recorded.v3: v3 (Go build information); looks made for v3 or higher" "${output%%$'\n'*}"
}

@test "the ten functions with most instructions above the level are listed, those with most first" {
    {
        echo .intel_syntax noprefix
        # f5 has five of them, and so on
        for number in 5 11 2 8 1 12 7 3 10 4 9 6; do
            printf '.type f%d, @function\nf%d:\n' $number $number
            for ((i = 0; i < number; i++)); do
                echo 'vpaddd ymm0, ymm0, ymm1'
            done
            printf 'ret\n.size f%d, . - f%d\n' $number $number
        done
    } >many.s
    cc -nostdlib -static -Wl,--build-id=none -Wl,-e,f1 -o many many.s
    tool check many
    same "12 f12 11 f11 10 f10 9 f9 8 f8 7 f7 6 f6 5 f5 4 f4 3 f3" \
        "$(sed '1,/^ABOVE/d' <<<"$output" | xargs)"
    tool check --json many
    same "12 f12 3 f3 10" "$(json "' '.join(str(f[key]) for f in (d[0]['functions'][0], d[0]['functions'][-1]) \
for key in ('instructions', 'name')) + ' ' + str(len(d[0]['functions']))" <<<"$output")"
}

@test "check --json prints the same" {
    tool check --json v3=known right.v1
    nothing "$stderr"
    same 0 "$status"
    value() {
        json "' '.join(str(d[$1][key]) for key in '$2'.split())" <<<"$output"
    }
    same "known v3 command line v3" "$(value 0 "file level level_from lowest_level")"
    same "{'v1': 4075, 'v2': 1, 'v3': 4, 'v4': 0, 'other': 1}" "$(value 0 instructions)"
    same "{'v1': 0, 'v2': 1, 'v3': 1, 'v4': 0}" "$(value 0 pages)"
    same "0 False []" "$(value 0 "undecodable_bytes can_ask_processor functions")"
    same "right.v1 v1 file name" "$(value 1 "file lowest_level level_from")"
    tool check --json known
    same "None None [{'name': 'twice', 'instructions': 4}]" "$(value 0 "level level_from functions")"
}

@test "check works without symbols and without section headers" {
    strip -s -o stripped known
    tool check stripped
    same 0 "$status"
    same "other             1" "${output##*$'\n'}"
    cp stripped bare
    printf '\0\0\0\0\0\0\0\0' | dd of=bare bs=1 seek=40 conv=notrunc status=none # e_shoff
    printf '\0\0\0\0' | dd of=bare bs=1 seek=60 conv=notrunc status=none         # e_shnum, e_shstrndx
    tool check bare
    same 0 "$status"
    same "bare: level unknown; looks made for v3 or higher" "${output%%$'\n'*}"
    finds '^v3                4         1   50.0%' <<<"$output"
}

@test "a build with instructions above its level is reported, and the exit status is 1" {
    tool check v1=known
    same 1 "$status"
    same "fatelf-amd64: warning: known: is given as v1, but looks made for v3: 5 instructions above v1 on 100 % of its \
code pages, for instance VPADDD in twice; build it for v1, or give it as v3" "$stderr"
    strip -s -o stripped.v2 known
    tool check -q stripped.v2
    same 1 "$status"
    nothing "$output"
    same "fatelf-amd64: warning: stripped.v2: is given as v2, but looks made for v3: 4 instructions above v2 on 50 % of \
its code pages, for instance VPADDD at 0x402000; build it for v2, or give it as v3" "$stderr"
    succeeds check -q v3=known v4=stripped.v2
}

@test "create warns about a build that looks made for a higher level, and makes the bundle" {
    tool create -o out v1=right.v3 v4=right.v4
    same 0 "$status"
    nothing "$output"
    same 1 "$(wc -l <<<"$stderr")"
    [[ $stderr == "fatelf-amd64: warning: right.v3: is given as v1, but looks made for v3: "*" instructions above v1 on \
100 % of its code pages, for instance V"*" in main; build it for v1, or give it as v3" ]]
    same "v1 v4" "$(levels out)"
    succeeds create -q --force -o out v1=right.v3 v4=right.v4
    # these are not swapped: the second one is right
    tool check -q v1=right.v4 v3=right.v3
    same 1 "$(wc -l <<<"$stderr")"
    [[ $stderr == *": right.v4: is given as v1, but looks made for v4: "* ]]
    # in the order of the levels, with any number of threads
    tool create -j 1 --force -o out v3=right.v4 v1=right.v3
    same "v1 v3" "$(sed -n 's/.* is given as \(v[1-4]\), .*/\1/p' <<<"$stderr" | paste -sd ' ')"
}

@test "create says nothing about builds that are what they are given as, or are made for less" {
    succeeds create -o out right.v1 right.v3 right.v4
    succeeds create -o lower v1=right.v1 v3=right.v1
    succeeds create -o higher v4=right.v3
}

@test "two builds that are swapped give one line" {
    tool create -o out v1=right.v3 v3=right.v1
    same 0 "$status"
    local count
    count=$("$TOOL" check --json right.v3 | json "d[0]['instructions']['v3']")
    same "fatelf-amd64: warning: right.v3 and right.v1: look swapped: the build for v1 has $count instructions above v1, \
the one for v3 has 0; give each the level of the other" "$stderr"
    tool check -q v3=right.v4 v4=right.v3
    same 1 "$status"
    same 1 "$(wc -l <<<"$stderr")"
    [[ $stderr == *"right.v4 and right.v3: look swapped: the build for v3 has "* ]]
}

@test "swapped static builds are found although both contain the C library's functions for all levels" {
    cc -O3 -static -ffast-math -march=x86-64 -o static.v1 "$BATS_FILE_TMPDIR/sum.c" || skip "no static C library"
    cc -O3 -static -ffast-math -march=x86-64-v3 -o static.v3 "$BATS_FILE_TMPDIR/sum.c"
    succeeds check -q static.v1 static.v3
    tool check -q v1=static.v3 v3=static.v1
    same 1 "$status"
    [[ $stderr == *"static.v3 and static.v1: look swapped: "* ]]
    same 1 "$(wc -l <<<"$stderr")"
}

@test "functions for AVX2 are no evidence in a program that asks a library for the processor's features" {
    cat >program.c <<'C'
int HAS(void);

__attribute__((target("avx2"), noinline)) static int wide(const int *a)
{
    int sum = 0;

    for (int i = 0; i < 64; i++)
        sum += a[i] * 3;
    return sum;
}

int main(int argc, char **argv)
{
    int a[64] = {argc};

    (void)argv;
    return HAS() ? wide(a) : 0;
}
C
    local name
    for name in features_have_avx2 GetCPUFeatures anything; do
        echo "int $name(void) { return 0; }" | cc -shared -o "lib$name.so" -x c -
        cc -O3 -DHAS="$name" -o "$name" program.c -L. "-l$name"
    done
    succeeds check -q v1=features_have_avx2 v1=GetCPUFeatures
    tool check -q v1=anything
    same 1 "$status"
    [[ $stderr == *": is given as v1, but looks made for v3: "*" in wide; "* ]]
}

@test "check refuses what is no build" {
    "$TOOL" create -q -o bundle right.v1
    refuses 1 "bundle: a bundle; take its variants with 'fatelf-amd64 extract' and check those" check bundle
    echo text >text
    refuses 1 "text: not an ELF file" check text
    refuses 1 ".: not a regular file" check .
    refuses 1 "absent: No such file or directory" check absent
    refuses 2 "check: no build to check; see 'fatelf-amd64 check --help'" check
    refuses 2 "v5=text: 'v5' is not a level; levels are v1, v2, v3 and v4" check v5=text
    printf 'int x = 1;\n' | cc -c -x c -o data.o -
    refuses 1 "data.o: contains no code" check data.o
}

@test "code that is a hole in the file takes no time" {
    cp known sparse
    truncate -s 2T sparse
    # the largest size for the section .text, and for the symbols
    python3 - <<'PYTHON'
import struct
with open("sparse", "r+b") as file:
    data = file.read(1 << 16)
    table, = struct.unpack_from("<Q", data, 40)
    for number in range(struct.unpack_from("<H", data, 60)[0]):
        at = table + number * 64
        kind, flags, address, offset = struct.unpack_from("<IQQQ", data, at + 4)
        if flags & 4 or kind == 2:
            file.seek(at + 32)
            file.write(struct.pack("<Q", (1 << 40) - offset))
PYTHON
    tool check sparse
    same 0 "$status"
    finds '^v3                4 ' <<<"$output"
}

@test "names of functions cannot write to the terminal" {
    objcopy --redefine-sym twice=$'t\033[2Jx\377' known odd
    tool check odd
    same "           4  t?[2Jx?" "${output##*$'\n'}"
    tool check --json odd
    same "t?[2Jx?" "$(json "d[0]['functions'][0]['name']" <<<"$output")"
}
