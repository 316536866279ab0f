# SPDX-License-Identifier: MIT
# bash completion for fatelf-amd64

_fatelf_amd64() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]} words=

    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        words='create build join add replace remove list extract verify cpu check -h --help --version'
    else
        case $command/$previous in
            create/--launch | build/--launch | join/--launch) words='memfd inplace' ;;
            create/--align | build/--align | join/--align) words='4K 2M' ;;
            create/--compress | build/--compress | join/--compress) words='zstd none' ;;
            */-j | */--jobs) return ;;
            verify/--has | create/--base | build/--base | join/--base) words='v1 v2 v3 v4' ;;
            */-o | */--output | */--stub) ;;
            *)
                case $command/$current in
                    create/-*)
                        words='-o --output --launch --compress --align --no-delta --base -j --jobs --go-env
                            --allow-different --ignore-appended --stub --force -q --quiet -v --verbose -h --help'
                        ;;
                    build/-*)
                        words='-o --output -l --levels --artifact --launch --compress --align --no-delta --base -j --jobs
                            --go-env --allow-different --ignore-appended --stub --force -q --quiet -v --verbose -h --help'
                        ;;
                    join/-*)
                        words='--keep --launch --compress --align --no-delta --base -j --jobs --go-env --allow-different
                            --ignore-appended --stub --force -q --quiet -v --verbose -h --help'
                        ;;
                    add/-* | replace/-*)
                        words='-o --output --in-place --allow-different --ignore-appended -j --jobs --no-delta --stub
                            --force -q --quiet -h --help'
                        ;;
                    remove/-*)
                        words='-o --output --in-place -j --jobs --no-delta --stub --force -q --quiet -h --help'
                        ;;
                    list/-*) words='--json -v --verbose -h --help' ;;
                    cpu/*) words='--json -h --help' ;;
                    check/-*) words='--json -j --jobs -q --quiet -h --help' ;;
                    extract/-*) words='-o --output --force -j --jobs -q --quiet -h --help' ;;
                    verify/-*) words='--has -j --jobs -q --quiet -h --help' ;;
                    extract/*) words='v1 v2 v3 v4 best all' ;; # as well as files
                esac
                ;;
        esac
    fi
    if [[ -n $words ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
        [[ $command == extract && $current != -* ]] || return
    fi
    # v3=FILE: readline takes '=' for the end of a word
    [[ $current == = ]] && current=
    compopt -o filenames 2>/dev/null
    local file
    while IFS= read -r file; do
        COMPREPLY+=("$file")
    done < <(compgen -f -- "$current")
}

complete -F _fatelf_amd64 fatelf-amd64
