# SPDX-License-Identifier: MIT
# --help, the manual page and the README name the same commands and options. docs/hacking.md names files that exist.
load ../lib/common
load ../lib/tool

# list_commands: the commands that the tool's help names, one a line
list_commands() {
    "$TOOL" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# help_options COMMAND..: "COMMAND OPTION" for every option in the commands' help
help_options() {
    local command
    for command; do
        "$TOOL" "$command" --help | sed -n '/^options:/,$s/^  \(-\| \)/\1/p' |
            grep -oE '(^| )--?[a-z][a-z-]*(,| |$)' | tr -d ', ' | sed "s/^/$command /"
    done
}

# manual_options COMMAND..: the same from the manual's source (mdoc), where options are `.It Fl` items after a heading
# or an item that names their command. Items before any command are for all commands: "any OPTION".
manual_options() {
    awk -v commands="$*" '
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

# files_in_backquotes FILE: the paths in backquotes, one a line, without those that the reader has to complete (NAME) and
# those that make writes
files_in_backquotes() {
    tr '\n' ' ' <"$1" | grep -o '`[^`]*`' | tr -d '`' | tr ' ' '\n' |
        grep -E '^[A-Za-z0-9.][A-Za-z0-9_+.-]*/[][A-Za-z0-9_+./-]*$|^[A-Za-z0-9_+.-]+\.(\[ch\]|[chS]|ld|md|py|bash|bats)$' |
        grep -vE 'NAME|^\./|^build/'
}

# files_in_map FILE: the paths in the map of files, one a line. A line has names, two spaces, and what they are for; names
# in lines with more indentation are in the folder before them, or in that of the heading, as "### lib/".
files_in_map() {
    awk '
        /^## / { in_map = /^## Map of the files/; top = "" }
        in_map && /^### / { top = $2; sub(/:$/, "", top) }
        in_map && /^    ( ( [^ ])|[^ ])/ {
            nested = /^     /
            if (!nested) folder = top
            text = substr($0, nested ? 7 : 5)
            sub(/  .*/, "", text)
            count = split(text, names, " ")
            for (i = 1; i <= count; i++) print folder names[i]
            if (!nested && count == 1 && text ~ /\/$/) folder = top text
        }' "$1"
}

setup() {
    start_test
    list_commands >names
    mapfile -t commands <names
    help_options "${commands[@]}" | sort -u >help
    manual_options "${commands[@]}" | sort -u >manual
    "$TOOL" --help | grep -oE '(^| )--?[a-z][a-z-]*' | tr -d ' ' >general
}

@test "these tests find the commands, and the eighteen options of create, of which five have a letter" {
    same 18 "$(grep -c '^create --' help)"
    same 5 "$(grep -c '^create -[a-z]$' help)"
    same "--force --help --jobs --output --quiet -h -j -o -q" "$(sed -n 's/^extract //p' help | LC_ALL=C sort | paste -sd ' ')"
    same "create build join add replace remove list extract verify cpu check completion" "${commands[*]}"
}

@test "every option in the help is in the manual" {
    absent=
    while read -r command option; do
        grep -qxF -e "$command $option" -e "any $option" manual || absent+=" $command $option,"
    done <help
    nothing "$absent"
}

@test "every option in the manual is in the help" {
    [ -s manual ]
    cut -d ' ' -f 2 help | cat - general >any
    absent=
    while read -r command option; do
        if [ "$command" = any ]; then
            grep -qxF -e "$option" any || absent+=" $command $option,"
        else
            grep -qxF -e "$command $option" help || absent+=" $command $option,"
        fi
    done <manual
    nothing "$absent"
}

@test "the manual has every command and no other" {
    # in the synopsis, and a section for each
    same "${commands[*]}" "$(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/s/^\.Cm \([a-z]*\)$/\1/p' \
        "$TOP/docs/fatelf-amd64.1" | paste -sd ' ')"
    same "${commands[*]}" "$(sed -n 's/^\.Ss \([a-z]*\)$/\1/p' "$TOP/docs/fatelf-amd64.1" | paste -sd ' ')"
}

@test "the manual lists the warnings in the source, and no others" {
    need python3
    run -0 python3 - "$TOP" <<'PYTHON'
import ast, pathlib, re, sys

top = pathlib.Path(sys.argv[1])
manual = (top / "docs/fatelf-amd64.1").read_text()
section = re.search(r"^\.Ss Warnings\n(.*?)^\.S[sh] ", manual, re.M | re.S)[1]
items = [item.replace("\\(aq", "'").replace("\\-", "-") for item in re.findall(r"^\.It (.*)", section, re.M)]
known = set()
count = 0
for path in sorted(top.glob("bundler/*/*.c")):
    for literals in re.findall(r"\bwarn\(((?:\s*\"(?:[^\"\\]|\\.)*\")+)", path.read_text()):
        text = "".join(ast.literal_eval(literal) for literal in re.findall(r"\"(?:[^\"\\]|\\.)*\"", literals))
        # what stands for %s, %u and the like can be anything
        pieces = [piece.replace("%%", "%") for piece in re.split(r"%(?:\.\*)?[a-z]+", text)]
        pattern = re.compile(".*".join(re.escape(piece) for piece in pieces))
        found = [item for item in items if pattern.fullmatch(item)]
        if len(found) != 1:
            print(f"{path.name}: in the manual {len(found)} times: {text}")
        known.update(found)
        count += 1
print(*(f"only in the manual: {item}" for item in items if item not in known), sep="\n")
print(count >= 12)
PYTHON
    same True "${output#$'\n'}"
}

@test "the README shows every command at work" {
    for command in "${commands[@]}"; do
        grep -qE "fatelf-amd64 $command\b" "$TOP/README.md" || same "fatelf-amd64 $command" ""
    done
}

@test "every option that the README shows exists" {
    grep -oE 'fatelf-amd64 [a-z]+ [^`;|&]*' "$TOP/README.md" >shown
    absent=
    while read -r _ command rest; do
        for word in ${rest%% -- *}; do # what follows belongs to the command that build runs
            [[ $word =~ ^--?[a-z][a-z-]*$ ]] || continue
            grep -qxF -e "$command $word" help || absent+=" $command $word,"
        done
    done <shown
    nothing "$absent"
}

@test "every file that docs/hacking.md names exists" {
    files_in_backquotes "$TOP/docs/hacking.md" >named
    files_in_map "$TOP/docs/hacking.md" >map
    # both are found, the nested names of the map too
    finds -x 'stub/start\.S' <named
    finds -x 'bundler/base/say\.\[ch\]' <map
    finds -x 'tests/run' <map
    finds -x '\.ci/probe' <map
    absent=
    while read -r path; do
        case $path in
            *'[ch]') paths=("${path%'[ch]'}c" "${path%'[ch]'}h") ;;
            *) paths=("$path") ;;
        esac
        for path in "${paths[@]}"; do
            [ -e "$TOP/$path" ] || absent+=" $path,"
        done
    done <<<"$(sort -u named map)"
    nothing "$absent"
}
