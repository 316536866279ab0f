# SPDX-License-Identifier: MIT
# For the launch method `inplace`: a program and two bundles of it that start in place, run one after the other and
# compared. The three are called kinds: native, stored and zstd.

SOURCES=$TOP/tests/fixtures/inplace # compiled in many ways by the tests, not by make
COMPILE=(gcc -std=gnu11 -D_GNU_SOURCE -O2)
# -nostdlib alone does not turn off what the compiler itself adds
COMPILE_BARE=("${COMPILE[@]}" -nostdlib -ffreestanding -mgeneral-regs-only -fno-stack-protector -fcf-protection=none)

# make_kinds PROGRAM: native/NAME, the program; stored/NAME, a bundle made for a start in place; zstd/NAME, a bundle of
# the default kind, which FATELF_AMD64_LAUNCH asks for a start in place. Both have one variant, because the level makes
# no difference here. CREATE has more options for both.
CREATE=()
make_kinds() {
    local name=${1##*/}
    mkdir -p native stored zstd
    cp -L "$1" "native/$name"
    "$TOOL" create "${CREATE[@]}" --force --launch inplace -o "stored/$name" "v1=$1" >said 2>&1
    "$TOOL" create "${CREATE[@]}" --force -o "zstd/$name" "v1=$1" >>said 2>&1
    # create warns about a program that cannot be started in place
    if grep -i 'in place' said; then return 1; fi
}

# run_kind KIND NAME [ARGUMENT]..: links native/NAME or a bundle of it into the folder AT, so that all kinds have the
# same path, and runs it, as START or by its path, under the command PREFIX, with the file `in` as its input if there is
# one. LAUNCH, if set, is the launch method to ask for. Leaves KIND.out, KIND.err without the launcher's log, KIND.log
# with it, and KIND.status.
AT=. START='' PREFIX=()
run_kind() {
    local kind=$1 name=$2 launch='' exit_status=0 in=/dev/null
    shift 2
    [ "$kind" != zstd ] || launch=inplace
    [ ! -e in ] || in=in
    ln -f "${KINDS:-.}/$kind/$name" "$AT/$name"
    FATELF_AMD64_DEBUG=log FATELF_AMD64_LAUNCH=${LAUNCH-$launch} "${PREFIX[@]}" "${START:-$AT/$name}" "$@" \
        <"$in" >"$kind.out" 2>"$kind.both" || exit_status=$?
    echo "$exit_status" >"$kind.status"
    # the launcher writes whole lines, the program perhaps not
    grep -a '^fatelf-amd64: .*: starting v[1-4] by ' "$kind.both" >"$kind.log" || true
    grep -av '^fatelf-amd64: .*: starting v[1-4] by ' "$kind.both" >"$kind.err" || true
}

# started_in_place KIND: the launcher started the last run of that kind in place, at the first attempt; STARTS times if
# the program starts itself again
STARTS=1
started_in_place() {
    if [ "$(wc -l <"$1.log")" = "$STARTS" ] &&
        [ "$(grep -c 'starting v[1-4] by inplace, ready in [0-9.]* ms$' "$1.log")" = "$STARTS" ]; then
        return
    fi
    echo "$1: not started in place:"
    cat "$1.both"
    return 1
}

# not_started_in_place KIND
not_started_in_place() {
    [ "$(grep -c ' by memfd, ' "$1.log")" = 1 ]
    [ "$(grep -c ' by inplace, ' "$1.log")" = 0 ]
}

# as_native KIND: the last run of that kind printed and ended as the program itself did
as_native() {
    local what
    for what in out err status; do
        diff "native.$what" "$1.$what" || { echo "$1.$what differs"; return 1; }
    done
}

# compare_kinds NAME [ARGUMENT]..: both bundles start the program in place, and it does what it does natively
compare_kinds() {
    local kind
    run_kind native "$@"
    for kind in stored zstd; do
        run_kind "$kind" "$@"
        started_in_place "$kind"
        as_native "$kind"
    done
}

# compile_kind OPTION..: the fixture `kind` as kind.built
compile_kind() {
    rm -f kind.built # the bundle that was run last
    "${COMPILE[@]}" -pthread -o kind.built "$SOURCES/kind.c" "$@"
}

# compare_build OPTION..: compare_kinds for the fixture `kind`, compiled with these options
compare_build() {
    compile_kind "$@"
    make_kinds kind.built
    compare_kinds kind.built word 7
    [ "$(<stored.status)" = 7 ]
    grep -Fxq 'runs from the file that was started: 1' stored.out
}

# headers_show READELF-OPTION PATTERN: a line of what readelf says of native/kind.built matches
headers_show() {
    readelf -W "$1" native/kind.built | finds -E -e "$2"
}

# --- the fixture `entry`, which prints what it finds before any library has run ---------------------------------------

# compile_entry OPTION..
compile_entry() {
    "${COMPILE_BARE[@]}" -o entry "$SOURCES/entry.c" "$@"
}

# own_maps NAME FILE: the mappings in alphabetical order, because the kernel places some of them at random; those of the
# program's own file without a name, because pages that two segments share, and everything that was decoded, are copies
# that have no file
own_maps() {
    sed -n "s|^\(map: ....\) $PWD/$1\$|\1 |; /^map: /p" "$2" | sort -u
}

# compare_entry NAME [ARGUMENT]..: compare_kinds for a program that starts with the fixture `entry`
compare_entry() {
    local kind
    for kind in stored zstd; do
        PREFIX=(env -i "FATELF_AMD64_DEBUG=log" A=1)
        [ "$kind" = stored ] || PREFIX+=(FATELF_AMD64_LAUNCH=inplace)
        run_kind native "$@"
        run_kind "$kind" "$@"
        started_in_place "$kind"
        own_maps "$1" native.out >native.maps
        own_maps "$1" "$kind.out" >"$kind.maps"
        [ -s native.maps ]
        # the launcher leaves one executable page
        { cat native.maps && echo 'map: r-xp '; } | sort -u | diff - "$kind.maps"
        # rcx is the one register that differs
        sed -i -e '/^map: /d' -e 's/^rcx: 0x[0-9a-f]*$/rcx:/' "native.out" "$kind.out"
        as_native "$kind"
    done
}
