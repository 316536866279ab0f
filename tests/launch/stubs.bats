# SPDX-License-Identifier: MIT
# By default the stub is linked with musl. A stub that is linked with the system's C library does the same.
load ../lib/common
load ../lib/surroundings
load ../lib/users

STUBS=("$BUILD/fatelf-amd64-stub" "$BUILD/stub-system/fatelf-amd64-stub")

setup_file() {
    local i bash=$BASH
    cat "$FIXTURES/probe" "$bash" "$bash" >"$BATS_FILE_TMPDIR/big"
    chmod +x "$BATS_FILE_TMPDIR/big"
    for i in 0 1; do
        mkdir "$BATS_FILE_TMPDIR/$i"
        "$TOOL" create -q --stub "${STUBS[i]}" -o "$BATS_FILE_TMPDIR/$i/level" "$FIXTURES"/level.v[1-4]
        "$TOOL" create -q --stub "${STUBS[i]}" -o "$BATS_FILE_TMPDIR/$i/probe" v1="$BATS_FILE_TMPDIR/big"
        "$TOOL" create -q --stub "${STUBS[i]}" -o "$BATS_FILE_TMPDIR/$i/bash" v1="$bash" v2="$bash"
    done
}

# with_each_stub FUNCTION: calls it once for each stub, in a folder with the bundles level, probe and bash
with_each_stub() {
    local i
    for i in 0 1; do
        echo "# stub: ${STUBS[i]##*/build/}"
        mkdir "$i"
        cd "$i"
        ln -s "$BATS_FILE_TMPDIR/$i"/{level,probe,bash} .
        "$1"
        cd ..
    done
}

@test "the two stubs are different files, and neither needs a library" {
    local stub
    [ -x "${STUBS[1]}" ] || { echo "make builds ${STUBS[1]}"; false; }
    run -1 cmp "${STUBS[@]}"
    for stub in "${STUBS[@]}"; do
        run ldd "$stub"
        [[ $output = *'statically linked'* || $output = *'not a dynamic executable'* ]]
    done
}

# list_segments FILE: type, address, sizes and flags
list_segments() {
    readelf -lW "$1" | awk '$1 ~ /^(LOAD|TLS|DYNAMIC|NOTE|GNU_STACK)$/ { print $1, $3, $5, $6, $7, $8 }' | sort
}

@test "create prints nothing with either stub, and adds one PT_LOAD and one PT_NOTE to its segments, and a PT_DYNAMIC in place of its own" {
    need readelf
    local stub
    for stub in "${STUBS[@]}"; do
        "$TOOL" create --force --stub "$stub" -o bundle "$FIXTURES"/level.v[1-4] >said 2>&1
        diff /dev/null said
        list_segments "$stub" >before
        list_segments bundle >after
        run -1 diff before after
        diff before after >added || true
        [ "$(grep -c '^< DYNAMIC' added)" = 1 ]
        [ "$(grep -c '^> DYNAMIC' added)" = 1 ]
        [ "$(grep -c '^<' added)" = 1 ]
        [ "$(grep -c '^> LOAD' added)" = 1 ]
        [ "$(grep -c '^> NOTE' added)" = 1 ]
        [ "$(grep -c '^>' added)" = 3 ]
    done
}

@test "with each stub the levels, overrides and messages are the same" {
    check_levels() {
        local level levels
        levels=$(runnable_levels)
        for level in $levels; do
            [ "$(FATELF_AMD64=v$level ./level word)" = "v$level word" ]
        done
        [ "$(./level)" = "v$(machine_level)" ]
        run env FATELF_AMD64=v9 ./level
        [ "$status" = 126 ]
        [[ $output = 'fatelf-amd64: ./level: FATELF_AMD64=v9: unknown value; '* ]]
        FATELF_AMD64=v1 FATELF_AMD64_DEBUG=extract ./level | cmp - "$FIXTURES/level.v1"
        FATELF_AMD64_DEBUG=list ./level >../"list.${PWD##*/}"
    }
    with_each_stub check_levels
    diff list.0 list.1
}

@test "with each stub the program sees what it sees natively" {
    check_view() {
        local program settings=('block=2,33,34' 'ignore=13,64' pending=10 lock=locked slack=70000 close=5)
        for program in "$BATS_FILE_TMPDIR/big" ./probe; do
            "$FIXTURES/exec-with" "${settings[@]}" -- "$program" probe one '' 'two words' 2>&1 |
                cat >"${program##*/}.out"
        done
        diff big.out probe.out
        grep -q '^Threads:.1$' probe.out
        "$FIXTURES/exec-with" -- ./probe probe to closed <&- >&- 2>&-
        [ -s closed ]
        ./probe exe | finds -Fx 'seals: future-write shrink grow seal'
    }
    with_each_stub check_view
}

@test "with each stub the output, the exit status and death by a signal are the program's" {
    check_end() {
        run ./bash -c 'read -r word; echo "$word"; exit 42' <<<input
        [ "$output" = input ]
        [ "$status" = 42 ]
        "$FIXTURES/exec-with" report=end -- ./bash bash -c 'kill -TERM $$'
        [ "$(cat end)" = 'signal 15' ]
    }
    with_each_stub check_end
}

@test "with each stub the program starts although a system call is refused, or there is a message" {
    check_refusals() {
        local refused
        mkdir tmp
        for refused in memfd_create=ENOSYS memfd_create+exec=EINVAL execveat=ENOSYS clone=EPERM,clone3=EPERM \
            sched_getaffinity=EPERM fcntl=EPERM; do
            TMPDIR=$PWD/tmp sandboxed "$refused" ./probe exe | finds '^exe: '
        done
        empty tmp
        run sandboxed memfd_create=EPERM,open=EACCES,openat=EACCES ./level
        [ "$status" = 126 ]
        [[ $output = 'fatelf-amd64: ./level: the program could not be started: memfd: memfd_create: '* ]]
        [ "${#lines[@]}" = 1 ]
    }
    with_each_stub check_refusals
}

@test "with each stub a bundle may be stripped, and may have no permission but to be executed" {
    need strip
    check_stripped() {
        cp -L level stripped
        strip -s stripped
        chmod 111 stripped
        [ "$(./stripped word)" = "v$(machine_level) word" ]
    }
    with_each_stub check_stripped
}
