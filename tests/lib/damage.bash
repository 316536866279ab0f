# SPDX-License-Identifier: MIT
# For tests/corrupt: small programs to bundle, and the driver that damages files.
CORRUPT=$TOP/tests/corrupt

# words SIZE SEED: text that compresses as programs do, the same on every machine
words() {
    awk -v size="$1" -v x="$2" 'function random(n) { x = x * 16807 % 2147483647; return x % n }
        BEGIN {
            for (i = 0; i < 300; i++)
                for (j = 2 + random(8); j > 0; j--)
                    word[i] = word[i] sprintf("%c", 97 + random(26))
            while (done < size) { w = word[random(300)] " "; done += length(w); printf "%s", w }
        }'
}

# build_words NAME LEVEL [FILE]..: NAME.vLEVEL with the words on standard input in it. pie=1: a static PIE. FILEs are
# other sources.
build_words() {
    cat >"$1.words"
    "${CC:-cc}" -O2 ${pie:+-fPIE} "-static${pie:+-pie}" -nostdlib -s -Wl,--build-id=none -DLEVEL="$2" \
        "-DFILL=\"\\\"$1.words\\\"\"" -o "$1.v$2" "$CORRUPT/tiny.c" \
        "${@:3}"
    rm "$1.words"
}

# build_tiny NAME SIZE LEVEL..: NAME.v1 .. with about SIZE bytes of words in them
build_tiny() {
    local name=$1 size=$2 level
    shift 2
    for level; do
        words "$size" "$((level * 7919))" | build_words "$name" "$level"
    done
}

# build_alike NAME SIZE LEVEL..: the same, but with the same words in all of them, each time at another place
build_alike() {
    local name=$1 size=$2 level
    shift 2
    for level; do
        { words "$((level * 900))" "$level"; words "$size" 7919; } | build_words "$name" "$level"
    done
}

# The builds of most bundles here.
TINY=(tiny.v1 tiny.v2 tiny.v3 tiny.v4)

# damage KIND FILE [BUILD]..: damages FILE, made of these BUILDs, in every way of this KIND; all are in
# $BATS_FILE_TMPDIR. Prints what happened, and fails if anything happened that cases.py does not allow.
damage() {
    local kind=$1
    shift
    need python3
    python3 "$CORRUPT/damage.py" "$kind" "$TOOL" "${@/#/$BATS_FILE_TMPDIR/}"
    rm -r damage.*
}
