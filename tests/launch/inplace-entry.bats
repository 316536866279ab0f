# SPDX-License-Identifier: MIT
# What a program that is started in place, or its dynamic loader, finds at its entry, and dynamic loaders that cannot be
# started.
load ../lib/common
load ../lib/inplace
load ../lib/tracing
load ../lib/users

teardown() {
    remove_public_folder
}

@test "a dynamic loader that does not exist is named, with status 126" {
    local kind error="No such file or directory; is the dynamic loader that the program names installed?"
    compile_kind -Wl,--dynamic-linker="$PWD/no-such-loader"
    make_kinds kind.built
    for kind in stored zstd; do
        run_kind "$kind" kind.built
        [ "$(cat "$kind.status")" = 126 ]
        [ ! -s "$kind.out" ]
        same "fatelf-amd64: ./kind.built: the program could not be started: inplace: $PWD/no-such-loader: $error" \
            "$(<"$kind.err")"
    done
}

@test "a dynamic loader that is not a program is named, with status 126" {
    local kind loader
    printf 'not a program, but as large as an ELF header: %0100d\n' 0 >text
    : >empty
    head -c 100 "$TOOL" >torn
    mkdir folder
    chmod 755 text empty torn
    for loader in text empty torn folder; do
        compile_kind "-Wl,--dynamic-linker=$PWD/$loader"
        make_kinds kind.built
        for kind in stored zstd; do
            run_kind "$kind" kind.built
            [ "$(cat "$kind.status")" = 126 ] || { echo "$loader:"; cat "$kind.both"; return 1; }
            [ ! -s "$kind.out" ]
            [ "$(wc -l <"$kind.err")" = 1 ]
            grep -q "^fatelf-amd64: .*: the program could not be started: inplace: $PWD/$loader: " "$kind.err"
        done
    done
}

@test "a dynamic loader that may not be executed starts no program, whichever method is asked for" {
    local kind who
    public_folder
    cp /lib64/ld-linux-x86-64.so.2 loader
    compile_kind "-Wl,--dynamic-linker=$PWD/loader"
    make_kinds kind.built
    for who in env "${AS_NOBODY[*]}"; do
        read -ra PREFIX <<<"$who"
        chmod 755 loader
        compare_kinds kind.built
        chmod 644 loader
        for kind in native stored zstd memfd; do
            LAUNCH=$kind
            case $kind in
            native | stored) LAUNCH='' ;;
            zstd) LAUNCH=inplace ;;
            esac
            mkdir -p memfd
            ln -f zstd/kind.built memfd/
            run_kind "$kind" kind.built
            same 126 "$(<"$kind.status")"
            [ "$kind" = native ] || grep -q "inplace: $PWD/loader: Permission denied\$" "$kind.err"
        done
        unset LAUNCH
        # the others may execute it, its owner may not
        chmod 755 loader
    done
}

@test "whether a dynamic loader may be executed depends on the effective user" {
    local kind
    need_set_uid
    public_folder
    cp /lib64/ld-linux-x86-64.so.2 loader
    compile_kind "-Wl,--dynamic-linker=$PWD/loader"
    make_kinds kind.built
    # setpriv itself still has root's rights when it executes a program
    PREFIX=(setpriv --ruid=0 --euid=65534 env)
    chmod 755 loader
    run_kind native kind.built
    run_kind stored kind.built
    as_native stored
    chmod 744 loader
    for kind in native stored; do
        run_kind "$kind" kind.built
        same 126 "$(<"$kind.status")"
    done
    grep -q "inplace: $PWD/loader: Permission denied\$" stored.err
}

@test "the loader's permission counts on kernels and in sandboxes without faccessat2" {
    local error
    public_folder
    cp /lib64/ld-linux-x86-64.so.2 loader
    compile_kind "-Wl,--dynamic-linker=$PWD/loader"
    make_kinds kind.built
    for error in ENOSYS EPERM EACCES; do
        PREFIX=("$FIXTURES/seccomp-run" "faccessat2=$error" --)
        chmod 755 loader
        compare_kinds kind.built
        chmod 644 loader
        run_kind stored kind.built
        same 126 "$(<stored.status)"
        grep -q "inplace: $PWD/loader: Permission denied\$" stored.err
    done
}

@test "a truncated dynamic loader kills the program, as it does natively" {
    local kind
    head -c 3000 "$TOOL" >torn
    chmod 755 torn
    compile_kind "-Wl,--dynamic-linker=$PWD/torn"
    make_kinds kind.built
    ulimit -c 0
    for kind in native stored zstd; do
        run_kind "$kind" kind.built
        [ "$(cat "$kind.status")" -gt 128 ]
        [ ! -s "$kind.out" ]
    done
}

@test "very many arguments and a very large environment arrive unchanged" {
    local i word
    compile_kind
    make_kinds kind.built
    ulimit -s unlimited || skip "the hard limit of the stack is too low"
    seq 250000 >words
    PREFIX=(bash -c 'exec "$@" $(cat words)' many)
    compare_kinds kind.built
    grep -Fxq "arguments: 250001, last '250000'" stored.out
    PREFIX=()
    word=$(printf 'x%.0s' {1..100000})
    for i in {1..40}; do export "BIG_$i=$word"; done
    compare_kinds kind.built 3
    PREFIX=("$FIXTURES/exec-with" fill=1500000 --)
    compare_kinds kind.built
    grep -q '^arguments: 12, ' stored.out
}

@test "a program that is started without argv[0] gets what the kernel puts there" {
    local kind
    compile_kind
    make_kinds kind.built
    for kind in native stored zstd; do
        ln -f "$kind/kind.built" .
        FATELF_AMD64_LAUNCH=$([ "$kind" != zstd ] || echo inplace) \
            "$FIXTURES/exec-with" close=3 -- ./kind.built >"$kind.out"
    done
    diff native.out stored.out
    diff native.out zstd.out
    # an empty string since Linux 5.18
    grep -Eq "^arguments: [01], last ''" stored.out
}

@test "at a static program's entry everything is as after the kernel's exec" {
    local option
    for option in '-static -no-pie -fno-pie' '-static-pie -fPIE'; do
        # shellcheck disable=SC2086
        compile_entry $option
        make_kinds entry
        compare_entry entry one two
        grep -Fxq 'rdx: 0x0' stored.out
        grep -Fxq 'mxcsr: 0x1f80' stored.out
        grep -Fxq '/proc/self/auxv is that on the stack: 0x1' stored.out
    done
}

@test "at a loader's entry everything is as after the kernel's exec" {
    local option
    compile_entry -static-pie -fPIE
    mv entry loader
    for option in -pie -no-pie; do
        "${COMPILE[@]}" -pthread -o program "$SOURCES/kind.c" "$option" "-Wl,--dynamic-linker=$PWD/loader"
        make_kinds program
        compare_entry program one two
        grep -Fxq 'AT_0x7: in this file at 0x0' stored.out
        grep -Fxq 'rdx: 0x0' stored.out
    done
}

@test "a loader may have fixed addresses or a large alignment" {
    local option
    "${COMPILE[@]}" -pthread -o program "$SOURCES/kind.c" "-Wl,--dynamic-linker=$PWD/loader"
    make_kinds program
    for option in '-static -no-pie -fno-pie' '-static-pie -fPIE -Wl,-z,max-page-size=0x200000'; do
        # shellcheck disable=SC2086
        compile_entry $option
        mv entry loader
        compare_entry program one two
    done
}

@test "whichever system call is refused during the start, the program runs, in place or from a memfd" {
    need_strace
    local kind call number count
    "${COMPILE[@]}" -z execstack -o program -x c - <<<'int puts(const char *); int main(void) { return !puts("runs"); }'
    make_kinds program
    for kind in stored zstd; do
        run_kind "$kind" program
        started_in_place "$kind"
        FATELF_AMD64_LAUNCH=inplace strace -o trace ./program
        # up to the launcher's last call
        sed -i '/^arch_prctl(ARCH_SET_FS, \(0\|NULL\))/q' trace
        for call in open openat pread64 mmap mprotect mremap getrandom prctl; do
            count=$(grep -c "^$call(" trace) || continue
            for ((number = 1; number <= count; number++)); do
                [ "$(FATELF_AMD64_LAUNCH=inplace FATELF_AMD64_DEBUG=log strace -qq -o refused -e "trace=$call" \
                    -e "inject=$call:error=EPERM:when=$number" ./program 2>log)" = runs ]
                grep -q 'INJECTED' refused
                grep -Eq 'starting v1 by (inplace|memfd), ' log
                [ "$(wc -l <log)" = 1 ]
            done
        done
    done
}
