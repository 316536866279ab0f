# SPDX-License-Identifier: MIT
# What a bundle says of the libraries, versions and symbols that its builds need is what the builds say.
load ../lib/common
load ../lib/tool

# builds CC-OPTION..: one.v1 and one.v3, which need zlib, and a bundle of them
builds() {
    printf '#include <zlib.h>\n#include <stdio.h>\n%s\n' \
        'int main(void) { fprintf(stdout, "%s %d\n", zlibVersion() ? "zlib" : "", LEVEL); return 0; }' >one.c
    cc -O2 -DLEVEL=1 -o one.v1 one.c "$@" -lz || skip "zlib's headers are not installed"
    cc -O2 -DLEVEL=3 -march=x86-64-v3 -o one.v3 one.c "$@" -lz
    "$TOOL" create -q --force -o one one.v1 one.v3
}

# needed FILE..: the libraries that readelf finds, sorted
needed() {
    readelf -dW "$@" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u
}

# dynamic TAG FILE: the values of a tag
dynamic() {
    readelf -dW "$2" | sed -n "s/.*($1) *//p"
}

@test "readelf and ldd find the libraries of all builds" {
    builds
    printf 'int main(void) { return 0; }\n' | cc -o other.v2 -x c - -Wl,--no-as-needed -lm
    "$TOOL" create -q --allow-different -o both one.v1 other.v2
    same "$(needed one.v1 other.v2)" "$(needed both)"
    same "libc.so.6 libm.so.6 libz.so.1" "$(needed both | paste -sd ' ')"
    ldd both | sed -n 's/^\t\([^ ]*\) => .*/\1/p' | sort >found
    same "$(needed both)" "$(<found)"
    ldd -v both >versions
    finds 'libc\.so\.6 (GLIBC_2' <versions
    same "zlib 1" "$(FATELF_AMD64=v1 ./both)"
}

@test "dpkg-shlibdeps finds the dependencies of the builds, with their versions" {
    need dpkg-shlibdeps
    builds
    mkdir debian
    printf 'Source: one\n\nPackage: one\nArchitecture: any\n' >debian/control
    dpkg-shlibdeps -O one.v1 one.v3 >wanted 2>/dev/null || skip "dpkg-shlibdeps does not work here"
    finds 'libc6 (>= .*zlib1g' <wanted
    same "$(<wanted)" "$(dpkg-shlibdeps -O one 2>/dev/null)"
}

@test "rpm finds the requirements of the builds" {
    elfdeps=/usr/lib/rpm/elfdeps
    [ -x "$elfdeps" ] || skip "rpm's elfdeps is not installed"
    builds
    printf 'one.v1\none.v3\n' | "$elfdeps" -R | sort -u >wanted
    finds 'libz\.so\.1' <wanted
    same "$(<wanted)" "$(echo one | "$elfdeps" -R | sort)"
    echo one | "$elfdeps" -P >provided
    nothing "$(<provided)"
    # a static program needs nothing, and so does its bundle
    printf 'int main(void) { return 0; }\n' | cc -static -o static.v1 -x c - || return 0
    "$TOOL" create -q -o static static.v1
    echo static | "$elfdeps" -R >required
    nothing "$(<required)"
    finds 'statically linked' <<<"$(ldd static)"
}

@test "undefined symbols and their versions are those of the builds, also of variables that are copied" {
    builds -no-pie -fno-pie
    for file in one.v1 one; do
        readelf -W --dyn-syms "$file" | awk 'NR > 3 && $8 {print $8}' | sed 's/ (.*//; s/@.*//' | sort >"$file.symbols"
        readelf -W --dyn-syms "$file" | grep -oE '[a-zA-Z_]+@+[A-Z0-9_.]+' | sed 's/@@/@/' | sort -u >"$file.versions"
    done
    finds '^stdout@GLIBC' <one.v1.versions
    diff one.v1.versions one.versions
    diff one.v1.symbols one.symbols
    need eu-elflint
    eu-elflint --gnu-ld one >lint || true
    run -1 grep -v 'unknown object file note' lint
}

@test "BIND_NOW holds if all builds have it; the search path is that of all" {
    builds -Wl,-z,now '-Wl,-rpath,/first'
    same /first "$(dynamic RUNPATH one | sed 's/.*\[\(.*\)\]/\1/')"
    finds 'NOW' <<<"$(dynamic FLAGS_1 one)"
    cc -O2 -DLEVEL=3 -o one.v3 one.c -Wl,-z,lazy '-Wl,-rpath,/second' -lz
    "$TOOL" create -q --force -o one one.v1 one.v3
    same /first:/second "$(dynamic RUNPATH one | sed 's/.*\[\(.*\)\]/\1/')"
    same "Flags: PIE" "$(dynamic FLAGS_1 one)"
}

@test "what is added and removed changes what the bundle needs, as create would" {
    builds
    printf 'int main(void) { return 0; }\n' | cc -o other.v2 -x c - -Wl,--no-as-needed -lm -Wl,-rpath,/second
    "$TOOL" add -q --allow-different -o more one other.v2
    "$TOOL" create -q --allow-different -o created one.v1 other.v2 one.v3
    cmp more created
    "$TOOL" remove -q -o less more v2
    cmp less one
    "$TOOL" remove -q -o other more v1 v3
    same "libc.so.6 libm.so.6" "$(needed other | paste -sd ' ')"
}

@test "strip and objcopy keep it, and the bundle still starts" {
    builds
    strip -o stripped one
    objcopy one copied
    for file in stripped copied; do
        same "$(needed one)" "$(needed "$file")"
        ./"$file" >/dev/null
        finds 'libz\.so\.1 =>' <<<"$(ldd "$file")"
    done
}

@test "a program with more libraries than there is room for in the launcher" {
    for ((i = 0; i < 110; i++)); do
        echo "int f$i(void) { return 0; }" | cc -shared -fPIC -o "lib$i.so" -x c -
    done
    libraries=(lib[0-9]*.so)
    printf 'int main(void) { return 0; }\n' | cc -o many.v1 -x c - -x none -Wl,--no-as-needed "${libraries[@]}" \
        '-Wl,-rpath,$ORIGIN'
    "$TOOL" create -q --launch inplace -o many many.v1
    same "$(needed many.v1)" "$(needed many)"
    ./many
    same 111 "$(ldd many | grep -c '=>')"
}
