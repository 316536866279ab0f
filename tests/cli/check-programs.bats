# SPDX-License-Identifier: MIT
# Real programs do not look made for a higher level than they are, and builds that are given as a lower level do.
load ../lib/common
load ../lib/tool
load ../lib/make

setup_file() {
    missing "this fatelf-amd64 has no instruction decoder" grep -q HAVE_ZYDIS "$BUILD/config.mk"
}

# program_path NAME: the ELF file of a program, or of one that the compiler starts; nothing if there is none
program_path() {
    local path
    path=$(PATH=$PATH:/usr/sbin:/sbin find_program "$1")
    [ -n "$path" ] || path=$(cc -print-prog-name="$1")
    if [ -x "$path" ]; then readlink -f "$path"; fi
}

@test "none of the distribution's programs looks made for a higher level than v1" {
    # the compiler's default is the distribution's
    echo __SSE3__ | cc -E -P - >default
    skip_unless "this distribution builds for a higher level" grep -qx __SSE3__ default
    local name path
    while read -r name _; do
        [[ $name != \#* ]] || continue
        path=$(program_path "$name")
        [ -z "$path" ] || echo "$path"
    done <"$BATS_TEST_DIRNAME/check-programs" | sort -u >paths
    mapfile -t paths <paths
    for path in "${paths[@]}"; do
        succeeds check -q "v1=$path"
    done
    echo "# ${#paths[@]} programs" >&3
    [ ${#paths[@]} -ge 25 ]
}

# looks_like LEVEL GIVEN FILE: given as a lower level than it is for, the build is reported, by check and by create; it
# is not if it is given as what it is
looks_like() {
    tool check -q "$2=$3"
    same 1 "$status"
    [[ $stderr == *": is given as $2, but looks made for $1: "*"; build it for $2, or give it as $1" ]]
    same 1 "$(wc -l <<<"$stderr")"
    local said=$stderr
    tool create --compress none --force -o bundle "$2=$3"
    finds -xF -e "$said" <<<"$stderr"
    succeeds check -q "$1=$3"
    found=$((found + 1))
}

# compile LEVEL FILE OPTION..
compile() {
    local level=${1#v1} file=$2
    shift 2
    cc "-march=x86-64${level:+-$level}" -o "$file" "$@"
}

# build_tool LEVEL: this tool itself, as $BATS_TEST_TMPDIR/LEVEL/fatelf-amd64
build_tool() {
    plain_make -j2 BUILD="$PWD/$1" CFLAGS="-O2 -march=x86-64-$1" "$PWD/$1/fatelf-amd64" >/dev/null 2>&1
}

@test "every build that is given as a lower level than it is made for looks like it" {
    local minhash=$TOP/examples/c/minhash.c found=0
    cp "$TOP/tests/lib/sum.c" .
    # a program that can ask the processor, and is compiled for v3 all the same
    cat >clones.c <<'C'
#include <stdio.h>

__attribute__((target("avx512f"))) static void wide(double *at, double by)
{
    for (int i = 0; i < 256; i++)
        at[i] *= by;
}

int main(int argc, char **argv)
{
    double a[256];

    for (int i = 0; i < 256; i++)
        a[i] = i * 1.5 + argc;
    if (__builtin_cpu_supports("avx512f"))
        wide(a, a[7]);
    printf("%s %g\n", argv[0], a[255] * a[254]);
    return 0;
}
C
    compile v2 minhash2 -O3 "$minhash"
    looks_like v2 v1 minhash2
    compile v3 minhash3 -O2 "$minhash"
    looks_like v3 v1 minhash3
    compile v3 minhash3 -O3 -s "$minhash"
    looks_like v3 v2 minhash3
    compile v4 minhash4 -O3 "$minhash"
    looks_like v4 v1 minhash4
    looks_like v4 v3 minhash4
    compile v3 sum3 -O3 -ffast-math sum.c
    looks_like v3 v1 sum3
    compile v4 sum4 -O2 -s sum.c
    looks_like v4 v3 sum4
    compile v3 clones3 -O2 -s clones.c
    looks_like v3 v1 clones3
    build_tool v2
    looks_like v2 v1 v2/fatelf-amd64
    build_tool v3
    looks_like v3 v1 v3/fatelf-amd64
    strip v3/fatelf-amd64
    looks_like v3 v2 v3/fatelf-amd64
    build_tool v4
    looks_like v4 v3 v4/fatelf-amd64
    same 12 "$found"
}

@test "static builds for v3 are found although they contain the C library's functions for every level" {
    skip_unless "no static C library" cc -static -o nothing -x c - <<<'int main(void) { return 0; }'
    local found=0
    compile v3 minhash3 -O3 -static "$TOP/examples/c/minhash.c"
    looks_like v3 v1 minhash3
    strip minhash3
    looks_like v3 v1 minhash3
    compile v1 minhash1 -O3 -static "$TOP/examples/c/minhash.c"
    succeeds check -q v1=minhash1
}

@test "a Go build for v3 is found even without its record" {
    need go objcopy
    GOAMD64=v3 GOFLAGS=-trimpath go build -o go3 cmd/gofmt || skip "Go cannot build gofmt"
    refuses 1 "go3: given as v1, but its Go build information says v3; give it as v3, or build it for v1" check v1=go3
    objcopy --rename-section .go.buildinfo=.odd go3
    local found=0
    looks_like v3 v1 go3
    looks_like v3 v2 go3
    GOAMD64=v1 GOFLAGS=-trimpath go build -o go1 cmd/gofmt
    succeeds check -q go1
}

@test "a Rust build for v3 is found" {
    need cargo rustc
    local found=0
    mkdir rust
    printf '%s\n' 'fn main() {' \
        '    let v: Vec<f64> = std::env::args().map(|a| a.len() as f64 * 1.5).collect();' \
        '    println!("{}", v.iter().map(|x| x * x + 1.0).sum::<f64>());' '}' >rust/main.rs
    rustc -O -C target-cpu=x86-64-v3 -o rust3 rust/main.rs || skip "rustc does not work"
    looks_like v3 v1 rust3
    rustc -O -o rust1 rust/main.rs
    succeeds check -q v1=rust1
}
