# SPDX-License-Identifier: MIT
# For the command-line tests: run the tool and compare all that it says and leaves, to the byte.
PREFIX=() # what the tool runs under, where a test sets it

# Fails with both texts if they differ.
same() {
    [ "$1" = "$2" ] && return
    printf 'wanted: %s\ngot:    %s\n' "$1" "$2" >&2
    return 1
}

# All that a failed command could have left or changed in the working folder.
folder() {
    find . -mindepth 1 \( -type d -printf '%p %m\n' \) -o -printf '%p %i %m %s %T@ %l\n' | sort
}

# Sets status, output and stderr. Not bats' run: it keeps its files in the folder that we look at.
tool() {
    local file=$BATS_FILE_TMPDIR/said.$BATS_TEST_NUMBER
    (umask 077 && : >"$file" && : >"$file.stderr") # a test may have set one that denies even us
    status=0
    "${PREFIX[@]}" "$TOOL" "$@" >"$file" 2>"$file.stderr" || status=$?
    output=$(<"$file")
    stderr=$(<"$file.stderr")
}

# refuses STATUS MESSAGE ARGUMENT...: exactly this message on stderr, nothing on stdout, no file touched.
refuses() {
    local wanted=$1 message=$2 before
    shift 2
    before=$(folder)
    tool "$@"
    same "fatelf-amd64: $message" "$stderr" && same "$wanted" "$status" && same "" "$output" &&
        same "$before" "$(folder)"
}

# succeeds ARGUMENT...: status 0 and not a word.
succeeds() {
    tool "$@"
    same "" "$stderr" && same 0 "$status" && same "" "$output"
}

# The same as `succeeds`, with these words on stdout.
prints() {
    local wanted=$1
    shift
    tool "$@"
    same "" "$stderr" && same 0 "$status" && same "$wanted" "$output"
}

# poke FILE OFFSET BYTES: overwrites a few bytes; BYTES as printf takes them.
poke() {
    printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# program NAME CC-OPTION...: a small C program with its own build options.
program() {
    local name=$1
    shift
    printf 'int main(void) { return 0; }\n' | cc -O2 -o "$name" -x c - -x none "$@"
}

# The levels in a bundle, in a line.
levels() {
    "$TOOL" list "$1" | sed -n 's/^\(v[1-4]\) .*/\1/p' | paste -sd ' '
}

# section FILE NAME FIELD: from `readelf -SW`; FIELD is offset or size, in bytes.
section() {
    readelf -SW "$1" | sed 's/^ *\[ *[0-9]*\] //' |
        awk -v name="$2" -v field="$3" '$1 == name { print field == "offset" ? $4 : $5 }' |
        { read -r hexadecimal && echo $((16#$hexadecimal)); }
}

# json EXPRESSION < JSON: a Python expression over `d`, the document.
json() {
    python3 -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"
}

# Root passes all permissions; for the rest of the test the tool runs without that right.
without_privilege() {
    [ "$(id -u)" = 0 ] || return 0
    need setpriv
    local capabilities=-dac_override,-dac_read_search
    PREFIX=(setpriv --bounding-set="$capabilities" --inh-caps="$capabilities")
    "${PREFIX[@]}" true || skip "setpriv cannot drop capabilities here"
}

# A command in a mount namespace of its own: what it mounts is gone when it ends.
namespace() {
    if [ "$(id -u)" = 0 ]; then unshare -m "$@"; else unshare -rm "$@"; fi
}

need_namespace() {
    need unshare
    mkdir -p mounted
    namespace mount -t tmpfs none mounted 2>/dev/null || skip "nothing can be mounted here: needs root"
}
