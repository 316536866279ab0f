# SPDX-License-Identifier: MIT
# How the launcher enters a program that it has mapped: one page of its own code stays mapped, and at the program's entry
# the stack and all registers but one are as the kernel sets them.
load ../lib/common
load ../lib/elf
load ../lib/inplace

# maps: the program prints its mappings, "own" before those that have a page of the program, "other" before the rest.
# state: the program writes the 16 general registers that it is entered with, and the flags, 8 bytes each.
setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    cat >maps.c <<'END'
#include <stdint.h>
#include <stdio.h>

extern const char __ehdr_start[], end[];

int main(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    char line[8192];
    unsigned long from, to;

    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "%lx-%lx", &from, &to) == 2)
            printf("%s %s", from < (uintptr_t)end && to > (uintptr_t)__ehdr_start ? "own" : "other", line);
    return 0;
}
END
    cat >state.S <<'END'
#include <sys/syscall.h>
        .globl  _start
_start: mov     %rax, state(%rip)
        mov     %rbx, state+8(%rip)
        mov     %rcx, state+16(%rip)
        mov     %rdx, state+24(%rip)
        mov     %rsi, state+32(%rip)
        mov     %rdi, state+40(%rip)
        mov     %rbp, state+48(%rip)
        mov     %r8, state+56(%rip)
        mov     %r9, state+64(%rip)
        mov     %r10, state+72(%rip)
        mov     %r11, state+80(%rip)
        mov     %r12, state+88(%rip)
        mov     %r13, state+96(%rip)
        mov     %r14, state+104(%rip)
        mov     %r15, state+112(%rip)
        pushfq
        popq    state+120(%rip)
        mov     %rsp, %rax
        and     $15, %eax
        mov     %rax, state+128(%rip)
        mov     $SYS_write, %eax
        mov     $1, %edi
        lea     state(%rip), %rsi
        mov     $17 * 8, %edx
        syscall
        mov     $SYS_exit_group, %eax
        xor     %edi, %edi
        syscall
        .bss
state:  .skip   17 * 8
        .section .note.GNU-stack, "", @progbits
END
}

# build NAME SOURCE OPTION..: the program as built/NAME
build() {
    local name=$1 source=$2 compile=("${COMPILE[@]}")
    shift 2
    [[ $source != *.S ]] || compile=("${COMPILE_BARE[@]}")
    mkdir -p built
    "${compile[@]}" -o "built/$name" "$source" "$@"
}

# by_both_stubs COMMAND PROGRAM: calls COMMAND PROGRAM STUB for the stub of each C library, with bundles of built/PROGRAM
# that begin with it
by_both_stubs() {
    local stub program=$2
    for stub in "$BUILD/fatelf-amd64-stub" "$BUILD/stub-system/fatelf-amd64-stub"; do
        if [ -e "$stub" ]; then
            echo "with $stub"
            CREATE=(--stub "$stub")
            make_kinds "built/$program"
            "$1" "$program" "$stub"
        fi
    done
}

# one_page_stays PROGRAM STUB: that with the section .jump of the stub, which is in one page, and not in the first
one_page_stays() {
    local kind address size
    address=$(section "$2" .jump address)
    size=$(section "$2" .jump size)
    ((address >= 4096 && address / 4096 == (address + size - 1) / 4096))
    for kind in native stored zstd; do
        run_kind "$kind" "$1"
        grep "^other .* $PWD/$1\$" "$kind.out" >left || [ $? = 1 ]
        cat left
        if [ "$kind" = native ]; then
            [ ! -s left ]
        else
            started_in_place "$kind"
            [ "$(wc -l <left)" = 1 ]
            [[ $(cat left) =~ ^other\ ([0-9a-f]+)-([0-9a-f]+)\ r-xp\ ([0-9a-f]+)\  ]]
            [ $((0x${BASH_REMATCH[2]} - 0x${BASH_REMATCH[1]})) = 4096 ]
            [ $((0x${BASH_REMATCH[3]})) = $((address / 4096 * 4096)) ]
        fi
    done
}

@test "one page of the launcher stays mapped: code, and not the ELF header" {
    need readelf
    local options
    for options in '-pie -fPIE' '-no-pie -fno-pie' '-static -no-pie -fno-pie' '-static-pie -fPIE'; do
        # shellcheck disable=SC2086
        build maps "$BATS_FILE_TMPDIR/maps.c" $options
        by_both_stubs one_page_stays maps
    done
}

@test "one page stays mapped also for a program with large alignment, and without address randomisation" {
    need readelf setarch
    build maps "$BATS_FILE_TMPDIR/maps.c" -Wl,-z,max-page-size=0x200000
    by_both_stubs one_page_stays maps
    PREFIX=(setarch -R)
    by_both_stubs one_page_stays maps
}

# registers_are_clear PROGRAM: at its entry, registers are as the kernel leaves them, except rcx after a start in place
registers_are_clear() {
    local kind
    # 15 registers; the flags, of which only the interrupt flag is set; the stack pointer within its 16 bytes
    { printf ' 0000000000000000\n%.0s' {1..15}; echo ' 0000000000000202'; echo ' 0000000000000000'; } >wanted
    for kind in native stored zstd; do
        run_kind "$kind" "$1"
        od -An -v -tx8 -w8 "$kind.out" >registers
        if [ "$kind" != native ]; then
            [[ $(sed -n 3p registers) =~ ^\ 0000[0-9a-f]{12}$ ]]
            sed -i '3s/.*/ 0000000000000000/' registers
        fi
        diff wanted registers
        [ "$kind" = native ] || started_in_place "$kind"
    done
}

@test "all registers but rcx are 0 at the entry of a static program" {
    local options
    for options in '-static -no-pie' -static-pie; do
        # shellcheck disable=SC2086
        build state "$BATS_FILE_TMPDIR/state.S" $options
        by_both_stubs registers_are_clear state
    done
}

@test "all registers but rcx are 0 at the entry of a dynamic loader" {
    local option
    build loader "$BATS_FILE_TMPDIR/state.S" -static-pie
    for option in -pie -no-pie; do
        build program "$BATS_FILE_TMPDIR/maps.c" "$option" "-Wl,--dynamic-linker=$PWD/built/loader"
        by_both_stubs registers_are_clear program
    done
}

# compile_words OPTION..: built/loader, which prints how many words below its stack pointer are not zero
compile_words() {
    mkdir -p built
    cat >words.c <<'END'
__asm__(".globl _start\n_start: mov %rsp, %rdi\n sub $0x21000, %rsp\n and $-16, %rsp\n call count");
static long call(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}
void count(const volatile unsigned long *stack)
{
    char digits[] = "000000\n";
    unsigned long words = 0;
    for (int i = 1; i < 0x20000 / 8; i++)
        words += stack[-i] != 0;
    for (int i = 5; words > 0; words /= 10)
        digits[i--] += words % 10;
    call(1, 1, (long)digits, 7);
    call(60, 0, 0, 0);
}
END
    "${COMPILE_BARE[@]}" -fPIE "$@" -o built/loader words.c
    make_kinds built/loader
}

@test "the stack is all zeros below the stack pointer at the entry of a static program or of a loader" {
    local options
    for options in '-static -no-pie' -static-pie; do
        # shellcheck disable=SC2086
        compile_words $options
        compare_kinds loader
        same 000000 "$(<stored.out)"
    done
    "${COMPILE[@]}" -o built/program -x c - "-Wl,--dynamic-linker=$PWD/built/loader" <<<'int main(void) { return 0; }'
    make_kinds built/program
    compare_kinds program
    same 000000 "$(<zstd.out)"
}

@test "the stack is all zeros below the stack pointer, wherever the stack pointer is in its page" {
    need setarch
    local size
    compile_words -static -no-pie
    PREFIX=(setarch -R)
    for ((size = 0; size < 4096; size += 64)); do
        run_kind stored loader "$(printf "%${size}s" '')"
        same 000000 "$(<stored.out)"
    done
}

# runs_emulated PROGRAM: under qemu, which joins mappings, everything else is the same
runs_emulated() {
    local kind
    for kind in native stored zstd; do
        run_kind "$kind" "$1" word 7
        sed -i '/^pages: /d' "$kind.out"
        if [ "$kind" != native ]; then
            started_in_place "$kind"
            diff native.out "$kind.out"
        fi
        [ "$(cat "$kind.status")" = 7 ]
    done
}

@test "a program runs in place under qemu, which has no vDSO" {
    need qemu-x86_64
    local option
    PREFIX=(qemu-x86_64)
    for option in -pie -static; do
        build kind "$SOURCES/kind.c" -pthread "$option"
        by_both_stubs runs_emulated kind
    done
}
