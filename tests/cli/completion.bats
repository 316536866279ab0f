# SPDX-License-Identifier: MIT
# The scripts for bash, zsh and fish, in these shells: they offer what --help lists, and what belongs at each place.
load ../lib/common
load ../lib/tool
load ../lib/shells

setup() {
    start_test
    "$TOOL" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' >names
    mapfile -t commands <names
    rm names
}

# help_options [COMMAND]: the options in the help, sorted, in one line
help_options() {
    "$TOOL" "$@" --help | sed -n '/^options:/,$p' | grep -oE '^  (-[a-z], |    )--[a-z-]+' | tr -d ', ' |
        sed 's/--/\n--/' | sed '/^$/d' | LC_ALL=C sort | paste -sd ' '
}

# asks SHELL [LINE WORDS]..: the shell offers these words, sorted, at the end of "fatelf-amd64 LINE"
asks() {
    local shell=$1 lines=() wanted=() number
    shift
    while (($#)); do
        lines+=("fatelf-amd64 $1")
        wanted+=("fatelf-amd64 $1 -> $2")
        shift 2
    done
    offers "$shell" "${lines[@]}" >"$BATS_FILE_TMPDIR/offered"
    mapfile -t offered <"$BATS_FILE_TMPDIR/offered"
    for number in "${!lines[@]}"; do
        same "${wanted[number]}" "${lines[number]} -> ${offered[number]}"
    done
}

offers_the_options_of_the_help() {
    local shell=$1 command options questions=()
    options=$(help_options)
    questions=(- "$options")
    for command in "${commands[@]}"; do
        options=$(help_options "$command")
        questions+=("$command -" "$options")
    done
    asks "$shell" "${questions[@]}"
}

@test "bash offers the options in the help, and no others" {
    offers_the_options_of_the_help bash
}

@test "zsh offers the options in the help, and no others" {
    need zsh
    offers_the_options_of_the_help zsh
}

@test "fish offers the options in the help, and no others" {
    need fish
    offers_the_options_of_the_help fish
}

# Files, and what else the shells offer: `folder/` in zsh and fish, `folder` in bash, which adds the slash later.
completes_arguments() {
    local shell=$1 slash=$2 sorted command
    mkdir folder
    touch build.v1 build.v3
    sorted=$(printf '%s\n' "${commands[@]}" | LC_ALL=C sort | paste -sd ' ')
    asks "$shell" "" "$sorted" ver verify vexed "" \
        "create --fo" --force \
        "create --launch " "inplace memfd" "join --launch i" inplace \
        "build --compress " "none zstd zstd:1 zstd:22" "build --compress zst" "zstd zstd:1 zstd:22" \
        "create --align " "2M 4K" "create --base " "v1 v2 v3 v4" "verify --has v1 --has " "v1 v2 v3 v4" \
        "build -l " "v1 v2 v3 v4" "build --levels v" "v1 v2 v3 v4" "build -l v3," "v3,v1 v3,v2 v3,v4" \
        "create --jobs " "" "create -j b" "" \
        "create -o b" "build.v1 build.v3" "extract --output b" "build.v1 build.v3" "add --stub b" "build.v1 build.v3" \
        "build --artifact b" "build.v1 build.v3" \
        "create -o new b" "build.v1 build.v3" "create -q -- build.v1 f" "folder$slash" "check build.v1 b" "build.v1 build.v3" \
        "join " "folder$slash" "join folder " "folder$slash" \
        "list b" "build.v1 build.v3" "verify -q b" "build.v1 build.v3" "list build.v1 b" "" \
        "extract " "build.v1 build.v3 folder$slash" \
        "extract build.v1 " "all best v1 v2 v3 v4" "extract -o build.v3 build.v1 b" best "extract build.v1 best b" "" \
        "remove build.v1 " "v1 v2 v3 v4" "remove --in-place build.v1 v1 " "v1 v2 v3 v4" "remove b" "build.v1 build.v3" \
        "add b" "build.v1 build.v3" "add -o new build.v1 b" "build.v1 build.v3" \
        "completion " "bash fish zsh" "completion bash z" ""
}
@test "bash" {
    completes_arguments bash ""
}
@test "zsh" {
    completes_arguments zsh /
}
@test "fish" {
    completes_arguments fish /
}
