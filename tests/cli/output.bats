# SPDX-License-Identifier: MIT
# An output is complete or does not exist, and nothing else is left in its folder.
load ../lib/common
load ../lib/tool
load ../lib/users
load ../lib/tracing

setup_file() {
    make_level_bundle
    # zstd's highest level needs many seconds for this, which is enough to interrupt it
    head -c 48M /dev/urandom | enlarge "$FIXTURES/level.v3" "$BATS_FILE_TMPDIR/large.v3"
}

teardown() {
    [ -z "${pid-}" ] || kill -KILL "$pid" 2>/dev/null || true
}

# start_create ARGUMENT..: starts a `create` that takes long, as $pid, and waits until it compresses: then its spool is
# open and no longer has a name
start_create() {
    # a shell starts background jobs with SIGINT ignored
    env --default-signal=INT,TERM,HUP,PIPE "$TOOL" create -j 1 --compress zstd:22 "$@" "$BATS_FILE_TMPDIR/large.v3" \
        >said 2>&1 3>&- &
    pid=$!
    # shellcheck disable=SC2310 # a single pipeline
    until readlink "/proc/$pid/fd/"* 2>/dev/null | finds '(deleted)$'; do
        kill -0 "$pid"
    done
}

# end_by SIGNAL: sends it to the `create` that was started, which dies of it
end_by() {
    local exit_status=0 number
    kill "-$1" "$pid"
    wait "$pid" || exit_status=$?
    number=$(kill -l "$1")
    same $((128 + number)) "$exit_status"
}

@test "create leaves nothing when SIGINT, SIGTERM or SIGHUP interrupts it" {
    mkdir folder
    for signal in INT TERM HUP; do
        start_create -o folder/out
        same "$signal: 1" "$signal: $(ls -A folder | wc -l)" # the temporary file
        end_by "$signal"
        empty folder
        [ ! -s said ]
    done
}

@test "a build that changes while it is read is refused, and leaves nothing" {
    cp "$FIXTURES/level.v1" changing.v1
    mkdir folder
    start_create -o folder/out changing.v1
    printf x >>changing.v1
    status=0
    wait "$pid" || status=$?
    same 1 "$status"
    same "fatelf-amd64: changing.v1: changed while it was read" "$(cat said)"
    empty folder
}

@test "create --force leaves the old output unchanged when it is interrupted" {
    mkdir folder
    echo old >folder/out
    chmod 0640 folder/out
    before=$(folder)
    for signal in INT TERM; do
        start_create --force -o folder/out
        same old "$(cat folder/out)"
        end_by "$signal"
        rm said
        same "$before" "$(folder)"
    done
}

@test "until create is done there is only its temporary file" {
    mkdir folder
    start_create -o folder/out
    [ ! -e folder/out ]
    [[ $(ls -A folder) == .out.?????? ]]
    same 600 "$(stat -c %a folder/.out.*)"
    end_by TERM
}

@test "extract leaves nothing when it is interrupted" {
    need_gdb
    # at fsync everything is written, and the file does not have its name yet
    gdb -q -batch -ex 'handle SIGTERM nostop pass' -ex 'set breakpoint pending on' -ex 'tbreak fsync' -ex run \
        -ex 'shell ls -A' -ex 'signal SIGTERM' --args "$TOOL" extract "$BATS_FILE_TMPDIR/level" v2 -o out \
        >gdb.log 2>&1
    grep -q '^\.out\.......$' gdb.log
    grep -q 'Program terminated with signal SIGTERM' gdb.log
    same gdb.log "$(ls -A)"
}

@test "a signal that is ignored when the tool starts does not end the tool" {
    need_gdb
    "${GDB[@]}" -ex 'tbreak fsync' -ex run \
        -ex 'signal SIGHUP' --args env --ignore-signal=HUP "$TOOL" extract "$BATS_FILE_TMPDIR/level" v2 -o out \
        >gdb.log 2>&1
    grep -q 'reakpoint 1,' gdb.log
    cmp out "$FIXTURES/level.v2"
}

# From a disk on which nothing fits to one on which everything does: there is no room for the spool, for the bundle, or
# for its last page.
@test "create on a full disk leaves nothing, and keeps an old output, whatever the size of the disk" {
    need_mounts
    in_mount_namespace "$BASH" -c '
        tool=$1 full=0 whole=0
        shift
        for ((size = 4; size <= 512; size += 28)); do
            mount -t tmpfs -o "size=${size}k" none mounted || exit
            echo old >mounted/out
            if "$tool" create --force -o mounted/out "$@" 2>said; then
                "$tool" verify -q mounted/out || exit
                whole=$((whole + 1))
            else
                [ $? = 1 ] || exit
                [ "$(cat mounted/out)" = old ] || exit
                grep -q "^fatelf-amd64: .*: No space left on device$" said || { cat said; exit 1; }
                [ "$(wc -l <said)" = 1 ] || exit
                full=$((full + 1))
            fi
            [ "$(ls -A mounted)" = out ] || { ls -A mounted; exit 1; }
            umount mounted || exit
        done
        [ $full -gt 5 ] && [ $whole -gt 1 ]
    ' - "$TOOL" "$FIXTURES"/level.v[1-4]
}

@test "create on a full disk names the output, not the build that it was reading" {
    need_mounts
    run in_mount_namespace "$BASH" -c '
        mount -t tmpfs -o size=1M none mounted || exit
        "$1" create -j 1 --compress none -o mounted/out "$2"
        echo "status $?"
        ls -A mounted
    ' - "$TOOL" "$BATS_FILE_TMPDIR/large.v3"
    same "fatelf-amd64: mounted/out: cannot be written: No space left on device
status 1" "$output"
}

@test "extract on a full disk leaves nothing" {
    need_mounts
    run in_mount_namespace "$BASH" -c '
        mount -t tmpfs -o size=8k none mounted || exit
        "$1" extract "$2" v1 -o mounted/out
        echo "status $?"
        ls -A mounted
    ' - "$TOOL" "$BATS_FILE_TMPDIR/level"
    size="$(stat -c %s "$FIXTURES/level.v1")"
    same "fatelf-amd64: mounted/out: cannot get $size bytes of room on the disk: No space left on device
status 1" "$output"
}

@test "an output on a read-only file system is refused" {
    need_mounts
    run in_mount_namespace "$BASH" -c '
        mount -t tmpfs -o ro none mounted || exit
        "$1" create -o mounted/out "$2"
        echo "status $?"
    ' - "$TOOL" "$FIXTURES/level.v1"
    same "fatelf-amd64: mounted/out: cannot be created: Read-only file system
status 1" "$output"
}

@test "a limit on the size of files gives an error as a full disk does, and no SIGXFSZ" {
    mkdir folder
    run "$BASH" -c 'ulimit -c 0 -f 100; exec "$@"' - "$TOOL" create -o folder/out "$FIXTURES/level.v1"
    empty folder
    same 1 "$status"
    # libbfd reports every short write as a full disk
    [[ $output == "fatelf-amd64: folder/out: cannot be written: "* ]]
}

@test "an output and its name are on the disk before the command ends" {
    need_strace
    export ASAN_OPTIONS=detect_leaks=0 # it cannot work under strace
    mkdir folder
    strace -y -e trace=fsync,rename,renameat2 -o trace "$TOOL" extract -o folder/out "$BATS_FILE_TMPDIR/level" v1
    sed -n 's/^\([a-z]*\).*folder\/\.out\.[^ ]*>.*/\1 file/p; s/^\([a-z]*\)[a-z0-9]*(.*"folder\/out".*/\1/p
        s/^\(fsync\)(.*\/folder>) .*/\1 folder/p' trace >order
    same "fsync file, renameat, fsync folder" "$(paste -sd , order | sed 's/,/, /g')"
}

@test "a file system that cannot reserve room gets the output all the same" {
    need_strace
    export ASAN_OPTIONS=detect_leaks=0 # it cannot work under strace
    for error in EOPNOTSUPP ENOSYS; do
        strace -o trace -e trace=fallocate -e inject=fallocate:error=$error \
            "$TOOL" extract --force -o out "$BATS_FILE_TMPDIR/level" v1
        grep -q INJECTED trace
        cmp out "$FIXTURES/level.v1"
    done
}

@test "create and extract leave only the output in its folder" {
    mkdir folder
    succeeds create -o folder/out "$FIXTURES"/level.v[1-4]
    same out "$(ls -A folder)"
    succeeds extract folder/out v1 -o folder/out.v1
    same "out out.v1" "$(ls -A folder | paste -sd ' ')"
}

@test "a bundle can be replaced while it runs" {
    mkfifo gate
    cp "$(command -v cat)" reader.v1
    "$TOOL" create -o out reader.v1
    ./out <gate >'read' 3>&- &
    pid=$!
    exec 9>gate
    echo 'it runs' >&9
    until grep -qs 'it runs' 'read'; do
        kill -0 "$pid"
    done
    "$TOOL" create --force -o out "$FIXTURES/level.v1"
    echo 'still here' >&9
    exec 9>&-
    wait "$pid"
    same "it runs still here" "$(paste -sd ' ' 'read')"
    same v1 "$(./out)"
}

@test "replacing an output does not change a hard link to the old one" {
    echo old >out
    ln out other-name
    succeeds create --force -o out "$FIXTURES/level.v1"
    same old "$(cat other-name)"
    same v1 "$(./out)"
}

@test "create and extract work when their standard descriptors are closed" {
    cp "$FIXTURES/level.v1" build.v1
    chmod -x build.v1 # a warning, which may not go into a file that is being written
    for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
        rm -f out restored
        "$BASH" -c "exec \"\$@\" $closed" - "$TOOL" create -o out build.v1
        "$TOOL" verify -q out
        "$BASH" -c "exec \"\$@\" $closed" - "$TOOL" extract -o restored out v1
        cmp build.v1 restored
    done
}
