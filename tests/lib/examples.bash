# SPDX-License-Identifier: MIT
# For setup_file: what the examples need. See `missing` in lib/common.

check_slow() {
    missing "slow: run by make check-all" [ "${SLOW-}" = 1 ]
}

check_c() {
    missing "${CC:-cc} does not know -march=x86-64-v4" "${CC:-cc}" -march=x86-64-v4 -E -x c /dev/null
}

# check_go PACKAGE
check_go() {
    missing "go is not installed" command -v go
    missing "this Go has no GOAMD64 or no source of $1" env GOAMD64=v4 go list "$1"
}

check_rust() {
    missing "cargo is not installed" command -v cargo
    missing "rustc does not know the levels" bash -c '[[ $(rustc --print target-cpus) == *x86-64-v4* ]]'
}

# answers BUNDLE ARGUMENT..: what its variants print, one after the other, without the level and the time
answers() {
    local level levels
    levels=$(runnable_levels)
    for level in $levels; do
        FATELF_AMD64=v$level "$@" >said
        finds -x "level     x86-64-v$level" <said
        sed -e '/^level /d' -e '/^time /d' said
    done
}

# has_times BUNDLE: examples/times prints a line for every variant that this machine supports
has_times() {
    local levels
    FATELF=$TOOL "$TOP/examples/times" "$1" 2 >table
    levels=$(runnable_levels)
    same "LEVEL TIME GAIN" "$(sed -n 1p table | xargs)"
    same "v${levels//$'\n'/$'\nv'}" "$(sed -n 's/^\(v[1-4]\)  *[0-9.]* ms  *[0-9.]*x$/\1/p' table)"
    finds '^v1 .* 1\.0x$' <table
}

# started METHOD BUNDLE ARGUMENT..: runs it, and fails unless it was started by this method. Its output is in the file
# `out`.
started() {
    local method=$1
    shift
    FATELF_AMD64_DEBUG=log capture "$@"
    same 0 "$status"
    same 1 "$(grep -c " by $method, ready in " err)"
}
