# SPDX-License-Identifier: MIT
# The progress line on a terminal.
load ../lib/common
load ../lib/tool

setup() {
    start_test
    need script
    # 64 frames of two builds, 4 MiB each
    for level in 1 2; do
        cp "$FIXTURES/level.v$level" "large.v$level"
        truncate -s 4M "large.v$level"
        chmod 0755 "large.v$level"
    done
}

# terminal COMMAND-LINE: runs it on a terminal of its own, and leaves what the terminal received in the file `screen`
terminal() {
    script -qec "$1" /dev/null </dev/null >screen
}

@test "on a terminal create shows the level, the share that is done, and the bytes read and written" {
    terminal "'$TOOL' create -j 1 -o out large.v1 large.v2"
    # each state of the line overwrites the one before
    tr '\r' '\n' <screen | sed 's/\x1b\[K$//' | grep . >all
    grep -v '^checking ' all >states
    run -1 grep -vE '^compressing v[12]: +[0-9]+\.[0-9] % of 8\.4 MB, [0-9]+\.[0-9] MB so far$' states
    # a frame is 1/32 of the whole; the base comes first
    same "$(awk 'BEGIN { for (i = 1; i <= 32; i++) printf "%.1f\n", int(i * 1000 / 32) / 10 }')" \
        "$(sed 's/.*: *\(.*\) % .*/\1/' states)"
    sed 's/compressing \(v[12]\):.*/\1/' states | uniq -c | awk '{ print $1, $2 }' >order
    same "16 v2 16 v1" "$(paste -sd ' ' order)"
    "$TOOL" verify -q out
}

@test "create, verify and extract show how much of the bundle is checked" {
    shares="$(awk 'BEGIN { for (i = 1; i <= 32; i++) printf "%.1f\n", int(i * 1000 / 32) / 10 }')"
    for command in "create -o out large.v1 large.v2" "verify out" "extract -o taken out all"; do
        terminal "'$TOOL' $command"
        tr '\r' '\n' <screen | sed 's/\x1b\[K$//' | grep -aE '^(checking|extracting) ' >states
        run -1 grep -avE '^(checking|extracting) v[12]: +[0-9]+\.[0-9] % of 8\.4 MB$' states
        same "$shares" "$(sed 's/.*: *\(.*\) % .*/\1/' states)"
        same "16 v1 16 v2" "$(sed 's/[a-z]* \(v[12]\):.*/\1/' states | uniq -c | awk '{ print $1, $2 }' | paste -sd ' ')"
    done
}

@test "the line is erased in the end" {
    terminal "'$TOOL' create -o out large.v1"
    same '\r033[K' "$(tail -c 4 screen | od -An -c | tr -d ' \n')"
}

@test "a warning on a terminal has a line of its own" {
    chmod a-x large.v1
    terminal "'$TOOL' create -o out large.v1"
    grep -aq "^fatelf-amd64: warning: large.v1: not executable, so the bundle is not either; 'chmod +x' it.$" screen
}

@test "-v on a terminal prints lines of its own" {
    terminal "'$TOOL' create -v -o out large.v1"
    # after the progress line is erased
    tr '\r' '\n' <screen | sed 's/^\x1b\[K//' >lines
    grep -aq '^v1: large.v1, [0-9]* bytes, ' lines
    grep -aq '^out: [0-9]* bytes, ' lines
}

@test "-q prints no line" {
    terminal "'$TOOL' create -q -o out large.v1"
    [ ! -s screen ]
    [ -s out ]
}

@test "there is no line if stderr is not a terminal, even if stdout is one" {
    terminal "'$TOOL' create -o out large.v1 2>said"
    [ ! -s screen ]
    [ ! -s said ]
}

@test "there is a line if only stderr is a terminal" {
    terminal "'$TOOL' create -o out large.v1 >said"
    grep -aq 'compressing v1: 100.0 %' screen
    [ ! -s said ]
}

@test "verify and extract print no line with -q" {
    "$TOOL" create -q -o out large.v1
    terminal "'$TOOL' verify -q out && '$TOOL' extract -q out v1 -o taken"
    [ ! -s screen ]
    cmp taken large.v1
}
