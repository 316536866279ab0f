# SPDX-License-Identifier: MIT
# What tools that read ELF files say of a file, and changes of single bytes.

# quiet COMMAND..: it succeeds, prints something, and complains about nothing
quiet() {
    capture "$@"
    [ "$status" = 0 ] || fail "$*: status $status"
    [ -s out ] || fail "$*: no output"
    [ ! -s err ] || fail "$*: messages"
    # the name of the folder may contain anything
    sed "s|$BATS_RUN_TMPDIR||g" out >complaints
    run -1 grep -iE 'warning|error:|corrupt|invalid' complaints
}

# lints_but_for_note BUNDLE: eu-elflint finds nothing but three kinds of notes that it does not know, each twice: as a
# section and as a segment
lints_but_for_note() {
    run eu-elflint --gnu-ld "$1"
    echo "$output"
    same 6 "${#lines[@]}"
    local type
    for type in 1 2 3; do
        same 2 "$(grep -c "unknown object file note type $type with owner name 'fatelf-amd64'" <<<"$output")"
    done
}

# list_sections FILE: "NAME TYPE ADDRESS OFFSET SIZE ENTRY-SIZE FLAGS LINK INFO ALIGNMENT" of every section with a name;
# the numbers before FLAGS are hexadecimal, and a section without flags has no word for them
list_sections() {
    readelf -SW "$1" | sed -n 's/^ *\[ *[0-9]*\] *\(\.[^ ]*\)/\1/p'
}

# section FILE NAME FIELD: one section's address, offset or size, in decimal
section() {
    local value
    value=$(list_sections "$1" | awk -v name="$2" -v field="$3" '
        $1 == name { print field == "address" ? $3 : field == "offset" ? $4 : $5 }')
    [ -n "$value" ] || { echo "$1 has no section $2" >&2; return 1; }
    echo $((16#$value))
}

build_id() {
    readelf -n "$1" | sed -n 's/^ *Build ID: *//p'
}

# poke FILE OFFSET BYTES: overwrites a few bytes; BYTES as the format of printf
poke() {
    # shellcheck disable=SC2059 # BYTES are escapes that printf's format understands
    printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# byte FILE OFFSET: the value of one byte
byte() {
    od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' '
}

# flip FILE OFFSET MASK: inverts these bits of one byte
flip() {
    local value
    value=$(byte "$1" "$2")
    poke "$1" "$2" "\\$(printf %o $((value ^ $3)))"
}
