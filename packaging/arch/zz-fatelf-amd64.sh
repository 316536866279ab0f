#!/bin/bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1091,SC2154 # makepkg's files, and the PKGBUILD's array
# For makepkg, which reads this file and then calls tidy_fatelf_amd64 in the directory of a package. If the PKGBUILD has
# the array _fatelf_amd64_join, the programs PROG.v1 to PROG.v4 are joined into PROG with these options of
# `fatelf-amd64 join`. makepkg runs such functions in the order of their files' names: this one comes after strip.sh.
#
# strip.sh has extracted the debug information of all builds, and made links .build-id/XX/YY to builds that are no longer
# installed after the join. Each is replaced by the stripped build itself, which debuggers need to read a core file.

[[ -n "${LIBMAKEPKG_TIDY_FATELF_AMD64_SH-}" ]] && return
LIBMAKEPKG_TIDY_FATELF_AMD64_SH=1

LIBRARY=${LIBRARY:-'/usr/share/makepkg'}

source "$LIBRARY/util/error.sh"
source "$LIBRARY/util/message.sh"

tidy_modify+=('tidy_fatelf_amd64')

tidy_fatelf_amd64() {
    declare -p _fatelf_amd64_join &>/dev/null || return 0
    msg2 "Joining builds for several levels of x86-64..."

    local file id link
    local -A links=() # by build: the link to it
    while IFS= read -rd '' file; do
        id=$(LC_ALL=C readelf -n "$file" 2>/dev/null | sed -n 's/^ *Build ID: //p')
        link=${dbgdir-}/.build-id/${id:0:2}/${id:2}
        if [[ -n $id && -L $link ]]; then
            links[$file]=$link
            cp -- "$file" "$link~"
        fi
    done < <(find . -type f -name '*.v[1-4]' -print0)

    if ! fatelf-amd64 join "${_fatelf_amd64_join[@]}" .; then
        error "The builds cannot be joined."
        exit "$E_PACKAGE_FAILED"
    fi

    for file in "${!links[@]}"; do
        if [[ -e $file ]]; then
            rm -- "${links[$file]}~"
        else
            chmod 644 "${links[$file]}~"
            mv -f -- "${links[$file]}~" "${links[$file]}"
        fi
    done
}
