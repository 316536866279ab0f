# SPDX-License-Identifier: MIT
# examples/reexec: a Go program that starts and traces itself, as containerd does.
load ../lib/common
load ../lib/examples

OUT=$BUILD/examples/reexec

setup_file() {
    check_go std
    [ -z "$MISSING" ] || return 0
    FATELF=$TOOL "$TOP/examples/reexec/build" "$OUT"
}

# traces_itself METHOD BUNDLE PATH STARTS: for both variants; {level} in PATH, which is that of /proc/self/exe, is the
# variant's. The launcher runs STARTS times.
traces_itself() {
    local level machine path
    machine=$(machine_level)
    for level in 1 3; do
        [ "$level" -le "$machine" ] || continue
        path=${3//"{level}"/v$level}
        FATELF_AMD64=v$level capture "$OUT/$2"
        if [[ $(<err) == *"operation not permitted"* ]]; then skip "no process may trace another one here"; fi
        same 0 "$status"
        same "parent    v$level, $path
stopped   , $path
child     v$level, $path" "$(sed -E 's/a new user namespace|no new user namespace \([^)]*\)//' out)"
        FATELF_AMD64=v$level FATELF_AMD64_DEBUG=log "$OUT/$2" >out 2>err
        same "$4" "$(grep -c " starting v$level by $1, " err)"
    done
}

@test "a Go program that was started from memory starts and traces itself: the memory file, without a launcher" {
    traces_itself memfd reexec '/memfd:reexec.{level} (deleted)' 1
}

@test "a Go program that was started in place, stored, starts and traces itself: the bundle, with its launcher" {
    traces_itself inplace reexec.stored "$OUT/reexec.stored" 2
}

@test "a Go program that was started in place, compressed, starts and traces itself: the bundle, with its launcher" {
    traces_itself inplace reexec.zstd "$OUT/reexec.zstd" 2
}
