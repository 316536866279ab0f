# SPDX-License-Identifier: MIT
# --help, the manual page and the README name the same commands and options.
load ../common
load helper

commands() {
    "$TOOL" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# "COMMAND OPTION" for every option in a command's help.
help_options() {
    local command
    for command in $(commands); do
        "$TOOL" "$command" --help | sed -n '/^options:/,$s/^  \(-\| \)/\1/p' |
            grep -oE '(^| )--?[a-z][a-z-]*(,| |$)' | tr -d ', ' | sed "s/^/$command /"
    done
}

# The same from the manual's source (mdoc), where options are `.It Fl` items behind a heading or an item that names
# their command; items behind no command count for all: "any OPTION".
manual_options() {
    awk -v commands="$(commands | paste -sd ' ')" '
        BEGIN { count = split(commands, known, " ") }
        /^\.(Sh|Ss) / || /^\.It (Cm|Ic|Sy|Nm) / {
            if ($1 != ".It") command = "any"
            for (i = 2; i <= NF; i++)
                for (k = 1; k <= count; k++)
                    if (tolower($i) == known[k]) command = known[k]
        }
        /^\.It .*Fl / {
            dashes = "" # `Fl o` is -o; `Fl Fl output`, `Fl -output` and `Fl \\-output` are --output
            for (i = 2; i <= NF; i++) {
                if ($i == "Fl") { dashes = dashes "-"; continue }
                word = $i
                sub(/^\\/, "", word)
                if (dashes != "" && word ~ /^-?[a-z][a-z-]*$/) print command, dashes word
                dashes = ""
            }
        }' "$TOP/docs/fatelf-amd64.1"
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    help_options | sort -u >help
}

@test "the test reads the help: create has thirteen options, of which five have a letter" {
    same 13 "$(grep -c '^create --' help)"
    same 5 "$(grep -c '^create -[a-z]$' help)"
    same "--force --help --output -h -o" "$(sed -n 's/^extract //p' help | LC_ALL=C sort | paste -sd ' ')"
    same "create list extract verify cpu" "$(commands | paste -sd ' ')"
}

@test "every option in the help is in the manual" {
    [ -e "$TOP/docs/fatelf-amd64.1" ]
    manual_options | sort -u >manual
    missing=$(while read -r command option; do
        grep -qxF -e "$command $option" -e "any $option" manual || echo "$command $option"
    done <help)
    same "" "$missing"
}

@test "every option in the manual is in the help" {
    [ -e "$TOP/docs/fatelf-amd64.1" ]
    "$TOOL" --help | grep -oE '(^| )--?[a-z][a-z-]*' | tr -d ' ' >main
    extra=$(manual_options | sort -u | while read -r command option; do
        if [ "$command" = any ]; then
            cut -d ' ' -f 2 help | cat - main | grep -qxF -e "$option" || echo "$command $option"
        else
            grep -qxF -e "$command $option" help || echo "$command $option"
        fi
    done)
    same "" "$extra"
}

@test "the manual has every command and no other" {
    [ -e "$TOP/docs/fatelf-amd64.1" ]
    for command in $(commands); do
        grep -qE "^\.(Ss|Sh|It|Cm|Ic|Nm).*\b$command\b" "$TOP/docs/fatelf-amd64.1" || same "$command" ""
    done
    same "" "$(sed -n 's/^\.\(It\|Nm\|Ss\).* \(Cm\|Ic\) \([a-z]*\).*/\3/p' "$TOP/docs/fatelf-amd64.1" |
        grep -vxE 'best|all|none|zstd|memfd|stored' | grep -vxF "$(commands)")"
}

@test "the README shows every command at work" {
    [ -e "$TOP/README.md" ]
    for command in $(commands); do
        grep -qE "fatelf-amd64 $command\b" "$TOP/README.md" || same "fatelf-amd64 $command" ""
    done
}

@test "every option that the README shows exists" {
    [ -e "$TOP/README.md" ]
    unknown=$(grep -oE 'fatelf-amd64 [a-z]+ [^`;|&]*' "$TOP/README.md" | while read -r _ command rest; do
        # shellcheck disable=SC2086 # words on purpose
        for word in $rest; do
            [[ $word =~ ^--?[a-z][a-z-]*$ ]] || continue
            grep -qxF -e "$command $word" help || echo "$command $word"
        done
    done)
    same "" "$unknown"
}

@test "the completion for bash offers the options in the help, and no others" {
    local command
    . "$TOP/docs/completions/fatelf-amd64.bash"
    for command in $(commands); do
        COMP_WORDS=(fatelf-amd64 "$command" -)
        COMP_CWORD=2
        _fatelf_amd64 || true # its status says nothing
        same "$(sed -n "s/^$command //p" help | LC_ALL=C sort)" "$(printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort)"
    done
}
