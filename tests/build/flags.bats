# SPDX-License-Identifier: MIT
# How the tool and the stub are compiled and linked.
load ../lib/common
load ../lib/make
load ../lib/elf

setup() {
    start_test
    need readelf
}

need_hardened() {
    grep -qx 'HARDENING := yes' "$BUILD/config.mk" || skip "the tool was built without hardening"
}

# tool_line SETTING...: the command that compiles a file of the tool
tool_line() {
    plain_make -n BUILD="$PWD/build" "$@" "$PWD/build/tool/lib/level.o" | grep -e ' -c -o '
}

@test "the tool is position-independent, and nothing in it that the linker has filled in stays writable" {
    need_hardened
    readelf -hW "$TOOL" | finds 'Type: *DYN'
    readelf -lW "$TOOL" | finds '^ *GNU_RELRO'
    readelf -dW "$TOOL" | finds 'FLAGS_1.* NOW'
    readelf -lW "$TOOL" | finds '^ *GNU_STACK .* RW '
}

@test "the tool checks its stack frames and, where the C library can, its buffers" {
    need_hardened
    readelf --dyn-syms -W "$TOOL" | finds '__stack_chk_fail'
    [ -e /lib64/ld-linux-x86-64.so.2 ] || skip "this C library has no checked functions"
    readelf --dyn-syms -W "$TOOL" | finds '_chk@'
}

@test "HARDENING=no leaves the flags to the packager" {
    run -0 tool_line HARDENING=no CFLAGS="-O3 -fmark"
    [[ $output == *" -O3 -fmark "* ]]
    [[ $output != *-fstack-* && $output != *_FORTIFY_SOURCE* && $output != *-fcf-protection* ]]
}

@test "buffers are checked only in optimised code, and only if nobody has chosen how" {
    local line
    line=$(tool_line CFLAGS=-O2)
    [[ $line == *_FORTIFY_SOURCE* ]] || skip "the compiler does it by itself"
    line=$(tool_line CFLAGS=-O0)
    [[ $line == *-fstack-protector-strong* && $line != *_FORTIFY_SOURCE* ]]
    line=$(tool_line CFLAGS=-g)
    [[ $line != *_FORTIFY_SOURCE* ]]
    line=$(tool_line CPPFLAGS="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=1")
    [[ $line == *" -D_FORTIFY_SOURCE=1 "* && $line != *_FORTIFY_SOURCE=3* ]]
}

@test "the packager's flags come after ours" {
    run -0 tool_line CFLAGS="-O2 -fno-stack-protector"
    [[ $output == *-fstack-protector-strong*-fno-stack-protector* ]]
}

@test "the launcher for gdb has the code of the stripped one at the same addresses, and line numbers" {
    need objcopy
    local stub=$BUILD/fatelf-amd64-stub
    same "$(readelf -lW "$stub" | sed -n '/^Program Headers/,/^ Section/p')" \
        "$(readelf -lW "$stub.debug" | sed -n '/^Program Headers/,/^ Section/p')"
    objcopy -O binary "$stub" stripped
    objcopy -O binary "$stub.debug" with-symbols
    cmp stripped with-symbols
    readelf -SW "$stub.debug" | finds ' \.debug_line '
    readelf -sW "$stub.debug" | finds ' FUNC .* main$'
    [ "$(readelf -SW "$stub" | grep -c -e ' \.debug_' -e ' \.symtab ')" = 0 ]
}

@test "the stub has a build-id of its own, which its debug information has too" {
    local stub=$BUILD/fatelf-amd64-stub
    id=$(build_id "$stub")
    same 40 ${#id}
    [ -n "${id//0/}" ]
    same "$id" "$(build_id "$stub.debug")"
    "$TOOL" create -q -o out "$FIXTURES/level.v1"
    other_id=$(build_id out)
    same 40 ${#other_id}
    [ "$other_id" != "$id" ]
}

@test "a build writes nothing into the source tree, and compiles without warnings, optimised or not" {
    need tar
    unpack_dist
    (cd source && find . -type f -exec cksum {} + | sort) >before
    chmod -R a-w source # root may write all the same
    plain_make -C "$PWD/source" BUILD="$PWD/build" CI=1 CFLAGS=-O0 -j2 "$PWD/build/fatelf-amd64" >/dev/null
    plain_make -C "$PWD/source" BUILD="$PWD/build" CI=1 -j2 all "$PWD/build/fixtures/level.v1" >/dev/null
    (cd source && find . -type f -exec cksum {} + | sort) >after
    chmod -R u+w source
    diff before after
    build/fatelf-amd64 create -q -o out build/fixtures/level.v1
    [ "$(./out)" = v1 ]
}
