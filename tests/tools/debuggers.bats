# SPDX-License-Identifier: MIT
# Debuggers and tracers on bundles that start in place: the recipes of the manual, fatelf-amd64(7).
load ../lib/common
load ../lib/traced
load ../lib/tracing

setup_file() {
    make_traced
}

setup() {
    start_traced_test
}

teardown() {
    end_waiting
}

@test "gdb that is attached to a bundle's process knows the program if it is given the build" {
    need_gdb
    local program bundle
    for program in pie fixed; do
        "$TOOL" extract -o build.v1 $program v1
        for bundle in $program $program.decoded; do
            start_waiting "./$bundle"
            debug -iex 'set exec-file-mismatch off' build.v1 -p "$PROCESS" -ex bt
            said_backtrace
            grep -q ' read (\| __GI___libc_read (' said
            finish
        done
        rm build.v1
    done
}

@test "gdb and eu-stack read a core file with the program's build" {
    need_gdb
    local program bundle
    for program in pie fixed; do
        for bundle in $program $program.decoded; do
            start_waiting "./$bundle"
            # as the kernel would write it, whatever its core_pattern is
            gdb -nx -q -batch -p "$PROCESS" -ex 'gcore core' >said 2>&1 </dev/null
            [ -s core ] || skip "gdb writes no core file here"
            finish
            debug $program.v1 core -ex bt
            said_backtrace
            if command -v eu-stack >/dev/null; then
                eu-stack --core=core -e $program.v1 >said 2>&1 || true
                cat said
                grep -Eq '^#[0-9]+ .* inner$' said
                grep -Eq '^#[0-9]+ .* main$' said
            fi
            rm core
        done
    done
}

@test "gdb reads a core file that the kernel has written" {
    need_gdb
    need_core
    local program
    for program in pie fixed; do
        mkdir $program.cores
        cd $program.cores
        dump_core "../$program"
        debug ../$program.v1 core -ex bt
        said_backtrace
        cd ..
    done
}

@test "from a core file alone, tools find the build-id of a program that started in place, and its names" {
    need_gdb
    need eu-unstrip eu-stack readelf
    need_core
    local program kind id
    mkdir cores
    cd cores
    for program in pie fixed; do
        id=$(readelf -n ../$program.v1 | sed -n 's/.*Build ID: //p')
        # where a debug package has it
        mkdir -p ".build-id/${id:0:2}"
        cp ../$program.v1 ".build-id/${id:0:2}/${id:2}"
        cp ../$program.v1 ".build-id/${id:0:2}/${id:2}.debug"
        for kind in '' .decoded; do
            dump_core "../$program$kind"
            eu-unstrip -n --core=core | finds "+0x[0-9a-f]* $id@"
            eu-stack --debuginfo-path=":$PWD" --core=core >said 2>&1 || true
            grep -Eq '^#[0-9]+ .* inner$' said
            grep -Eq '^#[0-9]+ .* outer$' said
            debug -iex "set debug-file-directory $PWD:/usr/lib/debug" ../$program.v1 core -ex bt
            said_backtrace
        done
    done
}

@test "gdb runs a bundle to its end, and debugs a build that was extracted" {
    need_gdb
    debug -ex run ./pie
    grep -q 'exited normally' said
    "$TOOL" extract -o build.v1 pie v1
    debug -ex 'break inner' -ex run -ex bt --args ./build.v1 one
    grep -Eq '^#1 .* outer \(wait=.*\) at .*traced\.c:26$' said
}

@test "/proc and eu-unstrip show the bundle as the running file" {
    start_waiting ./pie
    [ "$(readlink "/proc/$PROCESS/exe")" = "$BATS_FILE_TMPDIR/pie" ]
    [ "$(cat "/proc/$PROCESS/comm")" = pie ]
    grep -Eq "^[0-9a-f-]+ r-xp .* $BATS_FILE_TMPDIR/pie\$" "/proc/$PROCESS/maps"
    # only root may read these links
    find "/proc/$PROCESS/map_files" -type l -printf '%l\n' >links 2>/dev/null || true
    [ ! -s links ] || grep -Fxq "$BATS_FILE_TMPDIR/pie" links
    if command -v eu-unstrip >/dev/null; then
        eu-unstrip -n -p "$PROCESS" >modules
        cat modules
        grep -q " $BATS_FILE_TMPDIR/pie " modules
    fi
    finish
}

@test "strace shows one execve, and the program's own calls" {
    need_strace
    strace -f -o trace ./pie >out
    [ "$(cat out)" = 2 ]
    [ "$(grep -c ' execve(' trace)" = 1 ]
    run -1 grep ' execveat(' trace
    grep -Eq ' write\(1, "2\\n", 2\) += 2$' trace
}
