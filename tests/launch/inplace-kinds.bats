# SPDX-License-Identifier: MIT
# Programs of every kind, started in place, print to the byte what they print when the kernel starts them.
load ../lib/common
load ../lib/inplace

@test "a dynamic PIE prints in place what it prints natively" {
    compare_build -pie -fPIE
    headers_show -h 'Type: *DYN'
}

@test "a dynamic program at fixed addresses prints in place what it prints natively" {
    compare_build -no-pie -fno-pie
    headers_show -h 'Type: *EXEC'
}

@test "a static program at fixed addresses prints in place what it prints natively" {
    compare_build -static -no-pie -fno-pie
    headers_show -h 'Type: *EXEC'
    run -1 headers_show -l INTERP
}

@test "a static PIE prints in place what it prints natively" {
    compare_build -static-pie -fPIE
    headers_show -h 'Type: *DYN'
    run -1 headers_show -l INTERP
}

@test "the comparison detects a start from a memfd" {
    local kind
    compile_kind
    make_kinds kind.built
    run_kind native kind.built
    for kind in stored zstd; do
        LAUNCH=memfd run_kind "$kind" kind.built
        not_started_in_place "$kind"
        run ! started_in_place "$kind"
        run -1 diff native.out "$kind.out"
        diff native.out "$kind.out" | grep '^[<>]' >differences || true
        printf '%s\n' '< runs from the file that was started: 1' '> runs from the file that was started: 0' |
            diff - differences
    done
}

@test "programs linked with musl run in place, with its loader and static" {
    need musl-gcc
    local option
    COMPILE=(musl-gcc -std=gnu11 -D_GNU_SOURCE -O2)
    for option in -pie -no-pie -static; do
        compare_build "$option"
    done
    compare_build -pie
    headers_show -l 'interpreter: .*/ld-musl-x86_64'
}

@test "a static PIE linked with musl runs in place" {
    need musl-gcc
    local start folder
    echo 'int main;' >empty.c
    start=$(musl-gcc -### empty.c 2>&1 | grep -o '/[^ "]*/Scrt1\.o')
    folder=${start%/*}
    [ -e "$folder/rcrt1.o" ] || skip "this musl has no rcrt1.o"
    musl-gcc -std=gnu11 -D_GNU_SOURCE -O2 -fPIE -c -o kind.o "$SOURCES/kind.c"
    # musl-gcc -static-pie links a dynamic PIE
    gcc -static-pie -nostdlib -o kind.built "$folder"/{rcrt1,crti}.o kind.o "$folder/libc.a" -lgcc "$folder/libc.a" \
        "$folder/crtn.o"
    make_kinds kind.built
    compare_kinds kind.built word 7
    headers_show -h 'Type: *DYN'
    run -1 headers_show -l INTERP
}

@test "relocated data is as protected as natively, with immediate and lazy binding and without RELRO" {
    compare_build -Wl,-z,relro,-z,now
    headers_show -d 'BIND_NOW|NOW'
    compare_build -Wl,-z,relro,-z,lazy
    run -1 headers_show -d 'BIND_NOW|NOW'
    compare_build -Wl,-z,norelro
    run -1 headers_show -l GNU_RELRO
    grep -Fxq 'write to what was relocated: exit 0' stored.out
}

@test "code on the stack runs if the program asks for an executable stack, and only then" {
    compare_build -Wl,-z,execstack -DCODE_ON_STACK
    grep -Fxq 'stack: rwxp' stored.out
    grep -Fxq 'code on the stack: exit 0' stored.out
    compare_build -Wl,-z,execstack -DCODE_ON_STACK -static
    grep -Fxq 'stack: rwxp' stored.out
    compare_build -Wl,-z,noexecstack
    grep -Fxq 'stack: rw-p' stored.out
}

@test "a program that does not say whether its stack is executable gets the kernel's default" {
    need python3
    compile_kind
    "$TOP/tests/lib/edit_elf" no-stack kind.built
    make_kinds kind.built
    run -1 headers_show -l GNU_STACK
    compare_kinds kind.built
}

@test "notes on control-flow protection are accepted" {
    compare_build -fcf-protection=full -Wl,-z,ibt,-z,shstk
    headers_show -l GNU_PROPERTY
    headers_show -n 'IBT, SHSTK'
    grep -Fxq 'stack: rw-p' stored.out
}

@test "a program without section headers runs in place" {
    need llvm-strip
    compile_kind
    llvm-strip --strip-sections kind.built
    make_kinds kind.built
    compare_kinds kind.built word 7
}

@test "program headers may be where patchelf moves them" {
    need patchelf
    local loader option
    for option in -pie -no-pie; do
        compile_kind "$option"
        loader=$(patchelf --print-interpreter kind.built)
        patchelf --set-interpreter "/$(printf './%.0s' {1..200})$loader" kind.built
        patchelf --add-needed libm.so.6 kind.built
        make_kinds kind.built
        compare_kinds kind.built word 7
        headers_show -l 'interpreter: /\./\./\./'
    done
}

@test "program headers may be at the end of the file, where no segment contains them" {
    need python3
    local option
    for option in -static -static-pie; do
        compile_entry "$option" -fPIE
        "$TOP/tests/lib/edit_elf" headers-last entry
        make_kinds entry
        compare_entry entry
    done
}

@test "create warns about a program that cannot be started in place, and it is started by memfd" {
    local i
    {
        echo 'ENTRY(_start) PHDRS { text PT_LOAD FILEHDR PHDRS FLAGS(5);'
        for i in {1..40}; do echo "data$i PT_LOAD FLAGS(6);"; done
        echo '} SECTIONS { . = 0x400000 + SIZEOF_HEADERS; .text : { *(.text*) *(.rodata*) } :text . = ALIGN(4096);'
        echo '.data : { *(.data*) } :data1 .bss : { *(.bss*) *(COMMON) } :data1'
        for i in {2..40}; do echo ". = ALIGN(4096); .more$i : { LONG($i) } :data$i"; done
        echo 'end = .; /DISCARD/ : { *(.note*) *(.comment) *(.eh_frame*) } }'
    } >many.ld
    compile_entry -static -no-pie -Wl,--build-id=none -Wl,-T,many.ld
    ./entry | finds '^map: '
    "$TOOL" create --launch inplace -o bundle v1=entry 2>said
    grep -q 'warning: .*entry: cannot be started in place: .*; it will be started by memfd$' said
    FATELF_AMD64_DEBUG=log ./bundle >out 2>err
    grep -q 'starting v1 by memfd' err
    grep -q '^map: ' out
}
