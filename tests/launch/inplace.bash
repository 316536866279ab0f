# SPDX-License-Identifier: MIT
# Shared by the tests of the launch method `inplace`: a program beside bundles of it that are started in place, and what
# tells that they were.
load ../common

SOURCES=$TOP/tests/fixtures/inplace # built in many ways by the tests, not by make
COMPILE=(gcc -std=gnu11 -D_GNU_SOURCE -O2)
# -nostdlib alone would leave the compiler's own features in
COMPILE_BARE=("${COMPILE[@]}" -nostdlib -ffreestanding -mgeneral-regs-only -fno-stack-protector -fcf-protection=none)

# bundles PROGRAM: the program as native/NAME, a bundle that is started in place as stored/NAME, and one of the default
# kind, which is asked for that in the environment, as zstd/NAME. One level, as nothing here depends on which it is.
# CREATE holds more options for both.
CREATE=()
bundles() {
    local name=${1##*/}
    mkdir -p native stored zstd
    cp -L "$1" "native/$name"
    "$TOOL" create "${CREATE[@]}" --force --launch inplace -o "stored/$name" "v1=$1" >said 2>&1
    "$TOOL" create "${CREATE[@]}" --force -o "zstd/$name" "v1=$1" >>said 2>&1
    ! grep -i 'in place' said
}

# run_kind KIND NAME [ARGUMENT]..: puts native/NAME or a bundle of it into the folder AT, so that what it sees of its
# path is the same, and runs it, as START or by its path, under the command PREFIX, with the file `in` as its input if
# there is one. Leaves KIND.out, KIND.err without the launcher's log, which goes to KIND.log, and KIND.status.
AT=. START='' PREFIX=()
run_kind() {
    local kind=$1 name=$2 launch='' status=0 in=/dev/null
    shift 2
    [ "$kind" != zstd ] || launch=inplace
    [ ! -e in ] || in=in
    ln -f "${KINDS:-.}/$kind/$name" "$AT/$name"
    FATELF_AMD64_DEBUG=log FATELF_AMD64_LAUNCH=${LAUNCH-$launch} "${PREFIX[@]}" "${START:-$AT/$name}" "$@" \
        <"$in" >"$kind.out" 2>"$kind.both" || status=$?
    echo "$status" >"$kind.status"
    # the launcher writes whole lines, the program perhaps not
    grep -a '^fatelf-amd64: .*: starting v[1-4] by ' "$kind.both" >"$kind.log" || true
    grep -av '^fatelf-amd64: .*: starting v[1-4] by ' "$kind.both" >"$kind.err" || true
}

# in_place KIND: the last run_kind of that kind was started in place, at the first attempt; STARTS times, if it starts
# itself again.
STARTS=1
in_place() {
    [ "$(wc -l <"$1.log")" = "$STARTS" ] &&
        [ "$(grep -c 'starting v[1-4] by inplace, ready in [0-9.]* ms$' "$1.log")" = "$STARTS" ] ||
        { echo "$1: not started in place:"; cat "$1.both"; return 1; }
}

# as_native KIND: what that kind wrote and how it ended is what the program itself did.
as_native() {
    local what
    for what in out err status; do
        diff "native.$what" "$1.$what" || { echo "$1.$what differs"; return 1; }
    done
}

# same NAME [ARGUMENT]..: both bundles start the program in place, and it does what it does when started itself.
same() {
    local kind
    for kind in native stored zstd; do
        run_kind "$kind" "$@"
        [ "$kind" = native ] || { in_place "$kind" && as_native "$kind"; } || return 1
    done
}

# same_build OPTION..: the fixture `kind` built with these options, compared in the same way.
same_build() {
    rm -f kind.built # the bundle that was run last
    "${COMPILE[@]}" -pthread -o kind.built "$SOURCES/kind.c" "$@"
    bundles kind.built
    same kind.built word 7
    [ "$(cat stored.status)" = 7 ]
    grep -Fxq 'runs from the file that was started: 1' stored.out
}
