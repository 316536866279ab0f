# SPDX-License-Identifier: MIT
# Programs that are started in place, with segments in every arrangement.
load ../lib/common
load ../lib/inplace

@test "1 GiB of .bss is mapped and zero" {
    compare_build -DSPACE='(1UL << 30)'
    grep -Fxq 'space: 1073741824 bytes, zero 1, kept 1 2 3' stored.out
    compare_build -DSPACE='(1UL << 30)' -static
}

@test ".bss is zero to the end of its last page, wherever it ends" {
    local size
    for size in 1 2049 8191; do
        compare_build "-DSPACE=${size}UL"
    done
    grep -Fxq 'rest of the page: zero 1' stored.out
}

@test "a .bss in a segment of its own is mapped, even if the segment does not claim to be writable" {
    need python3
    compare_build -Wl,-Tbss=0x9000000
    headers_show -l 'LOAD +0x[0-9a-f]+ 0x0*9000000 .* 0x0+ '
    # only PF_R, because the kernel does not check the permission to clear memory
    cp --remove-destination native/kind.built .
    "$TOP/tests/lib/edit_elf" readonly-bss kind.built
    make_kinds kind.built
    compare_kinds kind.built
    headers_show -l 'LOAD +0x[0-9a-f]+ 0x0*9000000 .* 0x0+ 0x[0-9a-f]+ R  '
}

@test "two segments may share a page of the file" {
    local option offset size last
    for option in -pie -no-pie -static; do
        compare_build -Wl,-z,noseparate-code "$option"
        # the linker's default script, without the distance between code and data
        echo 'int main(void) { return 0; }' |
            gcc "$option" -Wl,-z,noseparate-code,--verbose -o empty -x c - | sed -n '/^=====/,/^=====/p' |
            sed '/^=====/d; /DATA_SEGMENT_[RE]/d
                s/\. = DATA_SEGMENT_ALIGN.*/. = . + CONSTANT (MAXPAGESIZE);/' >script.ld
        compare_build -Wl,-z,noseparate-code,-z,norelro,-T,script.ld "$option"
        # one ends in the page in which the next begins
        readelf -lW native/kind.built | grep LOAD >segments
        [ "$(wc -l <segments)" = 2 ]
        read -r _ offset _ _ size _ <segments
        last=$(((offset + size - 1) / 4096))
        read -r _ offset _ <<<"$(tail -n 1 segments)"
        [ $((offset / 4096)) = "$last" ]
    done
}

@test "code and data may be in a single segment" {
    cat >single.ld <<'LD'
ENTRY(_start)
PHDRS { all PT_LOAD FILEHDR PHDRS FLAGS(7); stack PT_GNU_STACK FLAGS(6); }
SECTIONS
{
    . = 0x400000 + SIZEOF_HEADERS;
    .text : { *(.text*) *(.rodata*) *(.data*) } :all
    .bss : { *(.bss*) *(COMMON) } :all
    end = .;
    /DISCARD/ : { *(.note*) *(.comment) *(.eh_frame*) }
}
LD
    compile_entry -static -no-pie -Wl,-T,single.ld
    make_kinds entry
    compare_entry entry one
    ./entry | finds '^map: rwxp'
}

@test "holes between segments stay unmapped" {
    compare_build -Wl,-Tdata=0x4000000
    grep -Eq '^pages: 3ff[0-9a-f]*|^pages: 4000000 ' stored.out
    compare_build -no-pie -fno-pie -Wl,-Tdata=0x8000000
    compare_build -static -Wl,-Tdata=0x8000000
}

@test "a PIE's lowest address may be other than 0" {
    compare_build -pie -fPIE -Wl,-Ttext-segment=0x10000000
    headers_show -l 'LOAD +0x0+ 0x0*10000000 '
}

@test "fixed addresses may be very low or very high" {
    local address
    for address in 0x10000 0x300000000000; do
        compile_entry -static -no-pie "-Wl,-Ttext-segment=$address"
        make_kinds entry
        compare_entry entry
    done
}

@test "a PIE keeps a large alignment" {
    local align
    for align in 0x10000 0x200000; do
        compare_build -pie -fPIE "-Wl,-z,max-page-size=$align"
        grep -Fxq "alignment: $align, kept: 1" stored.out
        compare_build -static-pie -fPIE "-Wl,-z,max-page-size=$align"
        grep -Fxq "alignment: $align, kept: 1" stored.out
    done
    compare_build -no-pie -fno-pie -Wl,-z,max-page-size=0x200000
    CREATE=(--align 2M)
    compare_build -pie -fPIE -Wl,-z,max-page-size=0x200000
    grep -Fxq 'alignment: 0x200000, kept: 1' stored.out
}
