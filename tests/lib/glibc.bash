# SPDX-License-Identifier: MIT
# glibc's dynamic loader knows the levels too: it is the second opinion.
LOADER=/lib64/ld-linux-x86-64.so.2

need_glibc() {
    [ -e "$LOADER" ] || skip "no glibc here"
    [[ $("$LOADER" --help 2>/dev/null) == *x86-64-v4* ]] || skip "needs glibc 2.33 or later"
}

# glibc_level [PREFIX..]: the highest level that the loader supports, here or under this prefix; nothing if the loader
# does not even start, because it was itself built for a higher level
glibc_level() {
    local help
    help=$("$@" "$LOADER" --help 2>&1) || true
    [[ $help == *"  x86-64-v2"* ]] || return 0
    sed -n 's/^ *x86-64-v\([2-4]\) (supported.*/\1/p; $a 1' <<<"$help" | sort -n | tail -n 1
}
