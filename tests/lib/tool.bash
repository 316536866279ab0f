# SPDX-License-Identifier: MIT
# For the command-line tests: run the tool and compare everything that it prints and leaves behind, to the byte.
PREFIX=() # what the tool runs under, if a test sets it

# What a failed command could have left or changed in the working folder.
folder() {
    find . -mindepth 1 \( -type d -printf '%p %m\n' \) -o -printf '%p %i %m %s %T@ %l\n' | sort
}

# Sets status, output and stderr. bats' own `run` keeps its files in the folder that these tests look at.
tool() {
    local file=$BATS_FILE_TMPDIR/said.$BATS_TEST_NUMBER
    (umask 077 && : >"$file" && : >"$file.stderr") # a test may have set a umask that denies even its own user
    status=0
    "${PREFIX[@]}" "$TOOL" "$@" >"$file" 2>"$file.stderr" || status=$?
    output=$(<"$file")
    stderr=$(<"$file.stderr")
}

# refuses STATUS MESSAGE ARGUMENT..: exactly this message on stderr, nothing on stdout, no file touched
refuses() {
    local wanted=$1 message=$2 before after
    shift 2
    before=$(folder)
    tool "$@"
    after=$(folder)
    same "fatelf-amd64: $message" "$stderr"
    same "$wanted" "$status"
    nothing "$output"
    [ "$before" = "$after" ]
}

# succeeds ARGUMENT..: status 0, and nothing printed
succeeds() {
    tool "$@"
    nothing "$stderr"
    same 0 "$status"
    nothing "$output"
}

# prints TEXT ARGUMENT..: status 0, and this text on stdout alone
prints() {
    local wanted=$1
    shift
    tool "$@"
    nothing "$stderr"
    same 0 "$status"
    same "$wanted" "$output"
}

# program NAME CC-OPTION..: a small C program, built with these options
program() {
    local name=$1
    shift
    printf 'int main(void) { return 0; }\n' | cc -O2 -o "$name" -x c - -x none "$@"
}

# levels BUNDLE: the levels of its variants, in one line
levels() {
    "$TOOL" list "$1" | sed -n 's/^\(v[1-4]\) .*/\1/p' | paste -sd ' '
}

# json EXPRESSION < JSON: the value of a Python expression over `d`, the document
json() {
    python3 -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"
}
