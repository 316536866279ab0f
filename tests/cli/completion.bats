# SPDX-License-Identifier: MIT
# The scripts for bash, zsh and fish, in these shells: they offer what --help lists, and what belongs at each place.
load ../lib/common
load ../lib/tool
load ../lib/shells

setup() {
    start_test
    mkdir "$SHELLS"
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

@test "completion prints a script, or says what it needs" {
    prints "$(<"$COMPLETIONS/fatelf-amd64.bash")" completion bash
    prints "$(<"$COMPLETIONS/_fatelf-amd64")" completion zsh
    prints "$(<"$COMPLETIONS/fatelf-amd64.fish")" completion fish
    refuses 2 "completion: name one shell: bash, zsh or fish; see 'fatelf-amd64 completion --help'" completion
    refuses 2 "completion: name one shell: bash, zsh or fish; see 'fatelf-amd64 completion --help'" completion bash zsh
    refuses 2 "completion: 'ksh' is not bash, zsh or fish; see 'fatelf-amd64 completion --help'" completion ksh
}

@test "shellcheck finds nothing in the script for bash" {
    need shellcheck
    run -0 shellcheck --shell=bash "$COMPLETIONS/fatelf-amd64.bash"
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

# offers_what_belongs_there SHELL SLASH: bash adds the slash behind a folder later
offers_what_belongs_there() {
    local shell=$1 slash=$2 sorted
    mkdir folder
    touch build.v1 build.v3
    sorted=$(printf '%s\n' "${commands[@]}" | LC_ALL=C sort | paste -sd ' ')
    # commands; values; files; operands by their number, whatever options are between them
    asks "$shell" "" "$sorted" ver verify vexed "" \
        "create --fo" --force "create build.v1 --fo" --force \
        "create --launch " "inplace memfd" "join --launch i" inplace \
        "build --compress " "none zstd zstd:1 zstd:22" "build --compress zst" "zstd zstd:1 zstd:22" \
        "create --align " "2M 4K" "create --base " "v1 v2 v3 v4" "verify --has v1 --has " "v1 v2 v3 v4" \
        "build -l " "v1 v2 v3 v4" "build --levels v" "v1 v2 v3 v4" "build -l v3," "v3,v1 v3,v2 v3,v4" \
        "create --jobs " "" "create -j b" "" \
        "create -o b" "build.v1 build.v3" "add --stub b" "build.v1 build.v3" \
        "build --artifact b" "build.v1 build.v3" "extract --output b" "build.v1 build.v3" \
        "create -o new b" "build.v1 build.v3" "create -q -- build.v1 f" "folder$slash" \
        "check build.v1 b" "build.v1 build.v3" "check x b" "build.v1 build.v3" \
        "list b" "build.v1 build.v3" "verify -q b" "build.v1 build.v3" "list build.v1 b" "" "list build.v1 --j" --json \
        "list -- build.v1 --j" "" \
        "join " "folder$slash" "join folder " "folder$slash" \
        "extract " "build.v1 build.v3 folder$slash" "extract build.v1 " "all best v1 v2 v3 v4" \
        "extract -o build.v3 build.v1 b" best "extract build.v1 best b" "" \
        "remove b" "build.v1 build.v3" "remove build.v1 " "v1 v2 v3 v4" \
        "remove --in-place build.v1 v1 " "v1 v2 v3 v4" \
        "add b" "build.v1 build.v3" "add -o new build.v1 b" "build.v1 build.v3" \
        "completion " "bash fish zsh" "completion bash z" ""
}

@test "bash offers commands, values, levels, files and directories where they belong" {
    offers_what_belongs_there bash ""
}

@test "zsh offers commands, values, levels, files and directories where they belong" {
    need zsh
    offers_what_belongs_there zsh /
}

@test "fish offers commands, values, levels, files and directories where they belong" {
    need fish
    offers_what_belongs_there fish /
}

# What follows '=' or ':', which readline takes for the end of a word.
@test "bash completes what follows = and :, also if these end no words" {
    touch build.v1 build.v3
    asks bash "create --launch=" "--launch=inplace memfd" "create --launch=i" --launch=inplace \
        "build --levels=v2," "--levels=v2,v1 v2,v3 v2,v4" "create --compress zstd:" "22 zstd:1" \
        "create -o new v3=b" "build.v3 v3=build.v1" "create --launch=memfd --base=v1 b" "build.v1 build.v3"
    BASH_SETUP="COMP_WORDBREAKS=\${COMP_WORDBREAKS//[=:]}"
    asks bash "create --launch=" "--launch=inplace --launch=memfd" "create --launch=i" --launch=inplace \
        "build --levels=v2," "--levels=v2,v1 --levels=v2,v3 --levels=v2,v4" "create --compress zstd:" "zstd:1 zstd:22"
}

offers_what_follows_equals() {
    touch build.v1 build.v3
    asks "$1" "create --launch=" "--launch=inplace --launch=memfd" "create --launch=i" --launch=inplace \
        "build --levels=v2," "--levels=v2,v1 --levels=v2,v3 --levels=v2,v4" \
        "create --compress=zstd:" "--compress=zstd:1 --compress=zstd:22" \
        "create -o new v3=b" "v3=build.v1 v3=build.v3" "check x86-64-v1=b" "x86-64-v1=build.v1 x86-64-v1=build.v3"
}

@test "bash offers options where no operand can follow" {
    asks bash "cpu " "--help --json -h" "list build.v1 " "--help --json --verbose -h -v" "list -- build.v1 " ""
}

@test "zsh completes what follows = and :" {
    need zsh
    offers_what_follows_equals zsh
}

@test "fish completes what follows = and :" {
    need fish
    offers_what_follows_equals fish
}

# The line for a start file that the manual shows.
completes_after_the_line_in_the_manual() {
    local shell=$1
    PATH=${TOOL%/*}:$PATH
    LOAD=$(sed -n "s/^\.Ql \(.*fatelf-amd64 completion $shell.*\)/\1/p" "$TOP/docs/fatelf-amd64.1")
    [ -n "$LOAD" ]
    if [ "$shell" = zsh ]; then
        ZSH_SETUP=$LOAD LOAD='' # behind compinit
    fi
    asks "$shell" verif verify
}

@test "bash completes command lines after the line in the manual" {
    completes_after_the_line_in_the_manual bash
}

@test "zsh completes command lines after the line in the manual" {
    need zsh
    completes_after_the_line_in_the_manual zsh
}

@test "fish completes command lines after the line in the manual" {
    need fish
    completes_after_the_line_in_the_manual fish
}

# A program in PATH, which the shells complete with these words.
completes_the_command_of_build() {
    local shell=$1 slash=$2
    mkdir bin
    cp "$FIXTURES/level.v1" bin/fatelf-test-program
    touch build.v1
    export PATH=$PWD/bin:$PATH
    BASH_SETUP=". /usr/share/bash-completion/bash_completion; complete -W 'alpha beta' fatelf-test-program"
    ZSH_SETUP="_own() { compadd -- alpha beta }; compdef _own fatelf-test-program"
    FISH_SETUP="complete -c fatelf-test-program -f -a 'alpha beta'"
    asks "$shell" "build -o new -- fatelf-test-p" fatelf-test-program \
        "build -l v1,v2 --base v1 -- fatelf-test-program " "alpha beta" \
        "build --levels=v1 -- fatelf-test-program x a" alpha \
        "build -o new -- fatelf-test-program -" "" "build -o new -- ./b" "./bin$slash"
}

@test "bash completes the command that build runs, if bash-completion is there" {
    skip_unless "bash-completion is not installed" test -e /usr/share/bash-completion/bash_completion
    completes_the_command_of_build bash ""
}

@test "bash by itself completes names of commands and files for build" {
    mkdir bin
    cp "$FIXTURES/level.v1" bin/fatelf-test-program
    touch build.v1
    PATH=$PWD/bin:$PATH
    asks bash "build -o new -- fatelf-test-p" fatelf-test-program \
        "build -o new -- fatelf-test-program -o b" "bin build.v1"
}

@test "zsh completes the command that build runs" {
    need zsh
    completes_the_command_of_build zsh /
}

@test "fish completes the command that build runs" {
    need fish
    completes_the_command_of_build fish /
}

# help_says LINE: what the help says about what can follow, as "WORD<tab>TEXT". LINE is "fatelf-amd64 " or one that ends
# with a command and "--", or with "--launch ".
help_says() {
    local command
    read -r _ command _ <<<"$1"
    case $1 in
        "fatelf-amd64 ") "$TOOL" --help | sed -nE '/^commands:/,/^$/s/^  ([a-z]+) +/\1\t/p' ;;
        *" --launch ") "$TOOL" create --help | sed -nE 's/^ {29}(memfd|inplace) +/\1\t/p' ;;
        *) "$TOOL" "$command" --help | sed -nE 's/^  (-.,|   ) (--[a-z-]+)( [A-Z]+)? +/\2\t/p' ;;
    esac | sed 's/:$//' | LC_ALL=C sort # a colon says that values follow
}

describes_what_it_offers() {
    local line lines=("fatelf-amd64 " "fatelf-amd64 create --launch ") command word text
    for command in "${commands[@]}"; do
        lines+=("fatelf-amd64 $command --")
    done
    "$1_says" "${lines[@]}" >said
    for line in "${lines[@]}"; do
        help_says "$line" >wanted
        [ -s wanted ]
        while IFS=$'\t' read -r word text; do
            same "$line: $word: $text" "$(awk -F '\t' -v line="$line" -v word="$word" \
                '$1 == line && $2 == word { print $1 ": " $2 ": " $3 }' said)"
        done <wanted
    done
}

@test "fish says what the help says about commands, options and values" {
    need fish
    describes_what_it_offers fish
}

@test "zsh says what the help says about commands, options and values" {
    need zsh
    describes_what_it_offers zsh
}
