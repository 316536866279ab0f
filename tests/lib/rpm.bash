# SPDX-License-Identifier: MIT
# rpmbuild with the macros of packaging/rpm, as if they were installed, and what is in the packages that it makes.

RPM_MACROS=(--load "$TOP/packaging/rpm/macros.fatelf-amd64"
    --define "__brp_fatelf_amd64_join $TOP/packaging/rpm/brp-fatelf-amd64-join" --define "_binary_payload w1.gzdio")

need_debug_packages() {
    local find
    need rpmbuild rpm2archive debugedit gdb
    find=$(rpm --eval '%{?__find_debuginfo}')
    [ -x "$find" ] || find=$(rpm --eval '%{_rpmconfigdir}')/find-debuginfo.sh
    [ -x "$find" ] || skip "rpm's find-debuginfo is not installed"
}

# unpack FOLDER PACKAGE..
unpack() {
    local folder=$1 package
    shift
    mkdir -p "$folder"
    for package; do
        rpm2archive - <"$package" | tar -xz -C "$folder"
    done
}

# no_dangling FOLDER: no link in it leads nowhere, or to a place outside
no_dangling() {
    local link target
    find "$1" -type l >links
    while IFS= read -r link; do
        target=$(readlink "$link")
        [[ $target != /* && -e $link ]] || fail "$link -> $target leads nowhere"
    done <links
}

build_id() {
    readelf -n "$1" 2>/dev/null | sed -n 's/^ *Build ID: //p'
}

# has_debug BUNDLE ROOT FUNCTION LEVEL..: below ROOT, gdb finds the debug information of each variant
has_debug() {
    local bundle=$1 root=$2 function=$3 level id line
    shift 3
    for level; do
        "$TOOL" extract -q --force -o build "$bundle" "$level"
        id=$(build_id build)
        line=$(gdb -nx -batch -iex "set debug-file-directory $root/usr/lib/debug" -ex "info line $function" build 2>&1)
        [[ $line == *"Line "*" of "*" starts at address"* ]] || fail "no line numbers for $level: $line"
        if [ -e "$root/usr/lib/debug/.build-id" ]; then
            same "$id" "$(build_id "$root/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug")"
        fi
    done
}

# has_builds BUNDLE ROOT LEVEL..: below ROOT, debuggers find the variants themselves by their build-ids
has_builds() {
    local bundle=$1 root=$2 level id
    shift 2
    for level; do
        "$TOOL" extract -q --force -o build "$bundle" "$level"
        id=$(build_id build)
        cmp build "$root/usr/lib/debug/.build-id/${id:0:2}/${id:2}"
    done
}
