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
    # shellcheck disable=SC2016 # for the inner shell
    missing "rustc does not know the levels" bash -c '[[ $(rustc --print target-cpus) == *x86-64-v4* ]]'
}
