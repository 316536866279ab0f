# SPDX-License-Identifier: MIT
# What an output may replace, and through which names.
load ../lib/common
load ../lib/tool
load ../lib/tracing
load ../lib/users
load ../lib/surroundings

setup_file() {
    make_level_bundle
}

# interrupted SHELL-COMMAND ARGUMENT..: the tool, with a command run when the output is complete but has no name yet
interrupted() {
    local command=$1
    shift
    "${GDB[@]}" -ex 'tbreak fsync' -ex run \
        -ex "shell $command" -ex continue --args "$TOOL" "$@" >gdb.log 2>&1
    grep -q 'reakpoint 1,' gdb.log
}

@test "a file that appears at the output's name meanwhile stays, and the command fails" {
    need_gdb
    mkdir folder
    interrupted "echo precious >folder/out" create -o folder/out "$FIXTURES/level.v1"
    grep -q '^fatelf-amd64: folder/out: exists; --force replaces it$' gdb.log
    grep -q 'exited with code 01' gdb.log
    same precious "$(cat folder/out)"
    rm folder/out
    interrupted "ln -s nowhere folder/out" extract -o folder/out "$BATS_FILE_TMPDIR/level" v1
    grep -q '^fatelf-amd64: folder/out: exists; --force replaces it$' gdb.log
    same nowhere "$(readlink folder/out)"
    same out "$(ls -A folder)"
}

@test "with --force, a file that appears meanwhile is replaced" {
    need_gdb
    interrupted "echo old >out" extract --force -o out "$BATS_FILE_TMPDIR/level" v2
    cmp out "$FIXTURES/level.v2"
}

@test "where a file cannot be renamed without replacing, or has only one name, an output appears all the same" {
    for refused in renameat2=EINVAL renameat2=ENOSYS renameat2=EINVAL,link=EPERM,linkat=EPERM; do
        PREFIX=("$FIXTURES/seccomp-run" "$refused" --)
        succeeds extract -o out "$BATS_FILE_TMPDIR/level" v3
        cmp out "$FIXTURES/level.v3"
        refuses 1 "out: exists; --force replaces it" extract -o out "$BATS_FILE_TMPDIR/level" v3
        same out "$(ls -A)"
        rm out
    done
}

@test "if the last way to name an output fails, nothing is left" {
    need_strace
    export ASAN_OPTIONS=detect_leaks=0 # it cannot work under strace
    mkdir folder
    run -1 --separate-stderr strace -o trace -e trace=file -e inject=renameat2:error=EINVAL -e inject=link:error=EPERM \
        -e inject=rename:error=EIO "$TOOL" extract -o folder/out "$BATS_FILE_TMPDIR/level" v1
    same "fatelf-amd64: folder/out: cannot be written: Input/output error" "$stderr"
    empty folder
}

@test "there too, a file that appears meanwhile stays" {
    need_gdb
    for refused in renameat2=EINVAL renameat2=EINVAL,link=EPERM,linkat=EPERM; do
        "${GDB[@]}" \
            -ex 'set follow-exec-mode same' -ex 'tbreak fsync' -ex run -ex 'shell echo precious >out' -ex continue \
            --args "$FIXTURES/seccomp-run" "$refused" -- "$TOOL" extract -o out "$BATS_FILE_TMPDIR/level" v1 \
            >gdb.log 2>&1
        grep -q '^fatelf-amd64: out: exists; --force replaces it$' gdb.log
        same precious "$(cat out)"
        rm gdb.log
        same out "$(ls -A)"
        rm out
    done
}

@test "with --force, the bundle can take the name of one of its builds" {
    cp "$FIXTURES/level.v1" prog
    cp "$FIXTURES/level.v3" prog.v3
    refuses 1 "prog: exists; --force replaces it" create -o prog prog.v3 v1=prog
    succeeds create --force -o prog prog.v3 v1=prog
    prints "prog: ok, v1, v3" verify prog
    "$TOOL" extract prog v1 -o - | cmp - "$FIXTURES/level.v1"
    cmp prog.v3 "$FIXTURES/level.v3"
}

@test "if that fails, the build is still there" {
    cp "$FIXTURES/level.v1" prog
    echo text >text
    refuses 1 "text: not an ELF file" create --force -o prog v1=prog v3=text
    cmp prog "$FIXTURES/level.v1"
}

@test "through a symbolic link, the file that it leads to is replaced, and the link stays" {
    mkdir folder
    echo old >folder/file
    ln -s file folder/second
    ln -s folder/second link
    refuses 1 "link: exists; --force replaces it" extract -o link "$BATS_FILE_TMPDIR/level" v2
    succeeds extract --force -o link "$BATS_FILE_TMPDIR/level" v2
    cmp folder/file "$FIXTURES/level.v2"
    succeeds create --force -o "$PWD/link" "$FIXTURES/level.v4"
    same v4 "$(FATELF_AMD64=v4 folder/file 2>/dev/null || echo v4)"
    "$TOOL" verify -q folder/file
    same "folder/second file" "$(readlink link) $(readlink folder/second)"
    same "file second" "$(ls -A folder | paste -sd ' ')"
    same "folder link" "$(ls -A | paste -sd ' ')"
}

@test "a symbolic link that leads nowhere yet is followed with --force" {
    ln -s file link
    succeeds extract --force -o link "$BATS_FILE_TMPDIR/level" v2
    cmp file "$FIXTURES/level.v2"
    [ -L link ]
}

@test "a circle of symbolic links is refused" {
    ln -s b a
    ln -s a b
    refuses 1 "a: cannot be created: Too many levels of symbolic links" \
        extract --force -o a "$BATS_FILE_TMPDIR/level" v2
}

@test "extract -o /dev/stdout writes to standard output, like -o -" {
    "$TOOL" extract "$BATS_FILE_TMPDIR/level" v2 -o /dev/stdout | cmp - "$FIXTURES/level.v2"
    "$TOOL" extract --force "$BATS_FILE_TMPDIR/level" v2 -o /dev/stdout >out
    cmp out "$FIXTURES/level.v2"
    refuses 2 "extract: 'all' cannot go to standard output; name a file with -o; see 'fatelf-amd64 extract --help'" \
        extract "$BATS_FILE_TMPDIR/level" all -o /dev/stdout
}

@test "a name that leads to an open file of a process is refused, with --force too" {
    before=$(ls -l /dev/stdout)
    for name in /dev/stdout /dev/fd/1 /proc/self/fd/1; do
        echo old >file
        run -1 sh -c '"$1" create --force -o "$2" "$3" 2>&1 >>file' - "$TOOL" "$name" "$FIXTURES/level.v1"
        same "fatelf-amd64: $name: leads to an open file of a process, not to a name; give the name of a file" \
            "$output"
        same old "$(cat file)"
    done
    run -1 sh -c '"$1" extract --force -o /dev/fd/1 "$2" v1 2>&1 >>file' - "$TOOL" "$BATS_FILE_TMPDIR/level"
    same "fatelf-amd64: /dev/fd/1: leads to an open file of a process, not to a name; give the name of a file" "$output"
    same "$before" "$(ls -l /dev/stdout)"
}

@test "extract all decodes a payload that two variants share once, and writes both files" {
    need_strace
    head -c 3M /dev/zero | enlarge "$FIXTURES/level.v2" prog
    "$TOOL" create -q --compress none -o out v1=prog v2=prog v3="$FIXTURES/level.v3"
    mkdir taken
    reads=$(strace -f -e trace=pread64 "$TOOL" extract -o taken/x out all 2>&1 | grep -c ' = [0-9]\{6\}' || true)
    same 12 "$reads" # a frame has 256 KiB; the last one is short
    cmp taken/x.v1 prog
    cmp taken/x.v2 prog
    cmp taken/x.v3 "$FIXTURES/level.v3"
    same "x.v1 x.v2 x.v3" "$(ls -A taken | paste -sd ' ')"
}

@test "if one of two outputs of the same payload cannot be written, neither is left" {
    "$TOOL" create -q -o out v1="$FIXTURES/level.v1" v2="$FIXTURES/level.v1"
    echo old >out.v2
    refuses 1 "out.v2: exists; --force replaces it" extract out all
}

@test "extract all writes none of its files if it cannot write all" {
    echo old >taken.v3
    before=$(ls -A)
    refuses 1 "taken.v3: exists; --force replaces it" extract -o taken "$BATS_FILE_TMPDIR/level" all
    same "$before" "$(ls -A)"
}

@test "a name that is too long is refused before anything is done" {
    name=$(printf '%0256d' 0)
    tool create -v -o "$name" "$FIXTURES/level.v1"
    same 1 "$status"
    same "fatelf-amd64: $name: cannot be created: File name too long" "$stderr"
    empty .
}
