# SPDX-License-Identifier: MIT
# Stored variants, whose pages are moved from the bundle to where the program runs, and what of them is copied.
load ../lib/common
load ../lib/surroundings
load ../lib/tracing

@test "if no memory may become executable, a stored variant starts in place though code is in its first page" {
    need readelf
    gcc -O2 -DLEVEL=1 -static -no-pie -Wl,-z,noseparate-code -o joined "$LEVEL_SOURCE"
    readelf -lW joined | finds -E '^ *LOAD +0x0+ .* R E '
    make_bundles joined
    starts joined.stored inplace sandboxed "$no_new_code"
    need_mdwe
    starts joined.stored inplace without_new_code
}

@test "if pages of a stored variant can neither be moved on nor back, they are copied back for another method" {
    need_strace
    local program count number
    make_programs
    for program in dynamic static pie; do
        strace -o trace -e trace=mremap "./$program.stored"
        count=$(grep -c '^mremap(.*MREMAP_FIXED' trace)
        [ "$count" -gt 1 ]
        for ((number = 2; number <= count; number++)); do
            starts "$program.stored" memfd strace -o trace -e trace=mremap -e "inject=mremap:error=ENOMEM:when=$number+"
            same "$number" "$(grep -c INJECTED trace)"
        done
    done
}
