# SPDX-License-Identifier: MIT
# Whoever owns the folder of the private file can replace the file by another one, which must never be started.
load ../lib/common
load ../lib/surroundings
load ../lib/users

@test "a file that replaces the private file is not started" {
    need_two_processors
    "$TOOL" create -q -o level "$FIXTURES"/level.v[1-4]
    mkdir private
    printf '#!/bin/sh\necho evil\n' >evil
    chmod +x evil
    "$FIXTURES/swap-file" private evil >swapped &
    until grep -q ready swapped; do :; done
    local i
    for ((i = 0; i < 300; i++)); do
        # shellcheck disable=SC2310 # a single command
        TMPDIR=$PWD/private sandboxed "$only_files,open+tmpfile=EINVAL" ./level 2>&1 || true
    done >said
    touch stop
    wait
    [ "$(tail -n 1 swapped)" -gt 10 ] || skip "this machine is too slow to swap a file in time"
    [ "$(grep -c evil said)" = 0 ]
    grep -q "^v$(machine_level)\$" said
}
