# SPDX-License-Identifier: MIT
# examples/times: the table of times by level.
load ../lib/common

# make_timed: ./timed, a bundle that pretends to need 80, 40, 20 and 10 ms, or in every second run twice as much
make_timed() {
    local level
    cat >timed.c <<'END'
#include <stdio.h>
int main(void)
{
    FILE *runs = fopen("runs." NAME, "a+");
    fputs("x", runs);
    printf("other     1.0 ms\ntime      %d.0 ms\n", 160 >> LEVEL << (ftell(runs) & 1));
    return fclose(runs);
}
END
    for level in 1 2 3 4; do
        "${CC:-cc}" -DLEVEL="$level" -DNAME="\"v$level\"" -o "timed.v$level" timed.c
    done
    "$TOOL" create -q -o timed timed.v[1-4]
}

@test "examples/times prints the shortest time of each level, and the gain" {
    need_level 3
    make_timed
    FATELF=$TOOL "$TOP/examples/times" timed 4 >table
    same "LEVEL       TIME   GAIN
v1       80.0 ms   1.0x
v2       40.0 ms   2.0x
v3       20.0 ms   4.0x" "$(sed -n 1,4p table)"
    same xxxx "$(<runs.v1)"
    machine=$(machine_level)
    if [ "$machine" = 4 ]; then
        same "v4       10.0 ms   8.0x" "$(sed -n 5p table)"
    fi
}

@test "examples/times leaves out the levels that this machine lacks" {
    not_sanitized
    need qemu-x86_64
    make_timed
    # as on a processor of v2
    printf '#!/bin/sh\nexec qemu-x86_64 -cpu Nehalem "%s" "$@"\n' "$TOOL" >tool
    chmod +x tool
    FATELF=$PWD/tool "$TOP/examples/times" timed 2 >table
    same "v1 v2" "$(sed -n 's/^\(v[1-4]\) .*/\1/p' table | paste -sd ' ')"
}

@test "examples/times says which program prints no time" {
    "$TOOL" create -q -o level "$FIXTURES"/level.v[1-4]
    run -1 env FATELF="$TOOL" "$TOP/examples/times" level 1
    same "times: ./level: prints no line 'time N ms'" "$output"
}
