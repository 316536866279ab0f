# SPDX-License-Identifier: MIT
# What a program sees of its own process, natively and started in place: the fixture `self` prints what exec sets up,
# `probe` what a process hands on. Every difference that is allowed stands in one of two lists. Needs lib/inplace.

PROGRAMS=(pie exec static-pie static)

# make_self_kinds PROGRAM..: for setup_file: `self` linked in these ways, and bundles of it
make_self_kinds() {
    local program options
    cd "$BATS_FILE_TMPDIR" || return 1
    for program; do
        case $program in
        pie) options=(-pie -fPIE) ;;
        exec) options=(-no-pie -fno-pie) ;;
        static-pie) options=(-static-pie -fPIE) ;;
        static) options=(-static -fno-pie) ;;
        esac
        "${COMPILE[@]}" -o "$program" "$SOURCES/self.c" "${options[@]}"
        make_kinds "$program"
    done
}

# Patterns of lines that may differ, with the reason.
STORED_MAY_DIFFER=(
    # if two segments share a page of the file, the second one has a copy, which has no file
    'program [0-9]+( at:|: r[w-]-p)'
    # the first page is a copy, which the kernel accounts for
    'program 1 flags:'
    # libraries may be mapped above the loader, where a large bundle was
    'files, from below:'
)
ZSTD_MAY_DIFFER=(
    'files, from below:'
    # decoded segments have no file; the kernel joins such mappings, accounts for them, and may use huge pages
    'program [0-9]+( at| flags)?:'
)

# differences KIND: the lines of native.out and KIND.out that differ and must not, in the file `differ`. The order of
# the lines does not count: the kernel places some mappings at random.
differences() {
    local pattern patterns=()
    local -n list=${1^^}_MAY_DIFFER
    for pattern in "${list[@]}"; do patterns+=(-e "^[<>] $pattern"); done
    [ -s native.out ]
    [ -s "$1.out" ]
    sort native.out >native.sorted
    sort "$1.out" >"$1.sorted"
    diff native.sorted "$1.sorted" >all.differ || [ $? = 1 ]
    { grep '^[<>]' all.differ || [ $? = 1 ]; } | { grep -Ev "${patterns[@]}" || [ $? = 1 ]; } >differ
}

# no_differences KIND
no_differences() {
    differences "$1"
    [ ! -s differ ] || { echo "$1:"; cat differ; return 1; }
}

# compare_view NAME [ARGUMENT]..: both bundles start the program in place, and it prints what it prints natively in the
# same environment, apart from the lines that may differ
compare_view() {
    local kind LAUNCH
    for kind in stored zstd; do
        LAUNCH=$([ "$kind" = stored ] || echo inplace)
        run_kind native "$@"
        run_kind "$kind" "$@"
        started_in_place "$kind"
        no_differences "$kind"
        diff native.err "$kind.err"
        diff native.status "$kind.status"
    done
}
