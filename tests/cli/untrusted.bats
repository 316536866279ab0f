# SPDX-License-Identifier: MIT
# list, verify, extract and create on files that others made, or change meanwhile: bounded memory, one clear line, nothing
# left.
load ../lib/common
load ../lib/tool
load ../lib/elf
load ../lib/tracing

setup_file() {
    make_level_bundle
    head -c 3M /dev/zero | enlarge "$FIXTURES/level.v2" "$BATS_FILE_TMPDIR/large.v2"
    cp "$BATS_FILE_TMPDIR/large.v2" "$BATS_FILE_TMPDIR/large.v3"
    printf '\1' | dd of="$BATS_FILE_TMPDIR/large.v3" bs=1 seek=2M conv=notrunc status=none
    chmod 0755 "$BATS_FILE_TMPDIR"/large.v[23]
    "$TOOL" create -q --compress none -o "$BATS_FILE_TMPDIR/stored" "$BATS_FILE_TMPDIR/large.v2"
    "$TOOL" create -q --base v2 -o "$BATS_FILE_TMPDIR/delta" "$BATS_FILE_TMPDIR"/large.v[23]
}

# shrinking READS FILE ARGUMENT..: the tool, while the file is cut to 4 KB before a read of it; leaves gdb.log
shrinking() {
    local reads=$1 file=$2
    shift 2
    "${GDB[@]}" -ex 'catch syscall pread64' -ex "ignore 1 $reads" -ex run \
        -ex "shell truncate -s 4K $file" -ex 'delete 1' -ex continue --args "$TOOL" "$@" >gdb.log 2>&1
    grep -q 'Catchpoint 1 ' gdb.log
}

@test "a bundle that becomes shorter while it is read is an error, not a SIGBUS" {
    need_gdb
    for bundle in stored delta; do
        cp "$BATS_FILE_TMPDIR/$bundle" b
        shrinking 12 b verify -j 1 b
        grep -q '^fatelf-amd64: b: cannot be read: it became shorter$' gdb.log
        grep -q 'exited with code 01' gdb.log
        cp "$BATS_FILE_TMPDIR/$bundle" b
        mkdir folder
        shrinking 12 b extract -j 2 -o folder/out b v2
        grep -q '^fatelf-amd64: b: cannot be read: it became shorter$' gdb.log
        grep -q 'exited with code 01' gdb.log
        empty folder
        rmdir folder
    done
}

@test "an error of the disk is an error with its name" {
    need_strace
    export ASAN_OPTIONS=detect_leaks=0 # it cannot work under strace
    cp "$BATS_FILE_TMPDIR/stored" b
    run -1 --separate-stderr strace -f -o trace -e inject=pread64:error=EIO:when=8+ "$TOOL" verify -j 1 b
    nothing "$output"
    same "fatelf-amd64: b: cannot be read: Input/output error" "$stderr"
    mkdir folder
    run -1 strace -f -o trace -e inject=pread64:error=EIO:when=8+ "$TOOL" extract -j 1 -o folder/out b v2
    same "fatelf-amd64: b: cannot be read: Input/output error" "$output"
    empty folder
}

@test "what is wrong does not depend on the number of threads" {
    cp "$BATS_FILE_TMPDIR/delta" b
    size=$(stat -c %s b)
    # every byte of the payloads from the middle of the base on: many frames are damaged
    offset=$(section b .fatelf.v2 offset)
    length=$(section b .fatelf.v2 size)
    offset=$((offset + length / 2))
    head -c $((size - offset - 4096)) /dev/zero | tr '\0' U | dd of=b bs=1 seek="$offset" conv=notrunc status=none
    run -1 "$TOOL" verify -j 1 b
    one=$output
    for _ in 1 2 3 4 5 6 7 8; do
        run -1 "$TOOL" verify -j 3 b
        same "$one" "$output"
    done
}

@test "verify and extract give the same with any number of threads" {
    for jobs in 1 2 3 16 1024; do
        for bundle in stored delta; do
            "$TOOL" verify -q -j "$jobs" "$BATS_FILE_TMPDIR/$bundle"
        done
        "$TOOL" extract -j "$jobs" -o - "$BATS_FILE_TMPDIR/delta" v3 | cmp - "$BATS_FILE_TMPDIR/large.v3"
    done
    for command in "verify" "extract -o -"; do
        # shellcheck disable=SC2086 # two words
        refuses 2 "${command%% *}: -j 0: not a number from 1 to 1024; see 'fatelf-amd64 ${command%% *} --help'" \
            $command -j 0 "$BATS_FILE_TMPDIR/delta"
    done
}

# peak COMMAND..: the most memory that it had, in KB
peak() {
    python3 - "$@" <<'EOF'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
EOF
}

@test "verify and extract need at most 64 MiB, and 12 MiB for each thread, however large the builds are" {
    need python3
    [ -z "${SANITIZED-}" ] || skip "the sanitizer needs more memory than the tool"
    head -c 200M /dev/zero | enlarge "$FIXTURES/level.v2" huge.v2
    cp huge.v2 huge.v3
    printf '\1' | dd of=huge.v3 bs=1 seek=100M conv=notrunc status=none
    "$TOOL" create -q --compress zstd:1 --base v2 -o b huge.v[23]
    for jobs in 1 2 4; do
        memory=$(peak "$TOOL" verify -j "$jobs" b)
        [ "$memory" -lt $(((64 + 12 * jobs) * 1024)) ]
    done
    memory=$(peak "$TOOL" extract --force -j 1 -o out b v3)
    [ "$memory" -lt $(((64 + 12) * 1024)) ]
    cmp out huge.v3
}

# limited KB COMMAND..: with this much address space
limited() {
    local limit=$1
    shift
    (ulimit -v "$limit" && exec "$@")
}

@test "list, verify and extract need no section headers" {
    [ -z "${SANITIZED-}" ] || skip "the sanitizer needs more address space than the limit"
    cp "$BATS_FILE_TMPDIR/level" b
    python3 - b <<'EOF'
import struct, sys
bundle = open(sys.argv[1], "rb").read()
at, count = 1 << 20, 40_000_000 # in a hole of the file
data = bytearray(bundle)
struct.pack_into("<Q", data, 40, at)
struct.pack_into("<HHH", data, 58, 64, 0, 0)
with open(sys.argv[1], "wb") as file:
    file.write(data)
    file.seek(at)
    file.write(struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, count, 0, 0, 0, 0))
    file.truncate(at + 64 * count)
EOF
    same "$("$TOOL" list --json "$BATS_FILE_TMPDIR/level" | grep build_id)" \
        "$(limited 400000 "$TOOL" list --json b | grep build_id)"
    limited 400000 "$TOOL" verify -q -j 1 b
    limited 400000 "$TOOL" extract -j 1 -o - b v3 | cmp - "$FIXTURES/level.v3"
    cp "$BATS_FILE_TMPDIR/level" c
    python3 -c '
import sys
file = open(sys.argv[1], "r+b")
file.seek(40)
file.write(bytes(8))
file.seek(60)
file.write(bytes(4))' c
    same "$("$TOOL" list --json "$BATS_FILE_TMPDIR/level" | grep build_id)" "$("$TOOL" list --json c | grep build_id)"
}

@test "without memory, every command ends with one line and leaves nothing, whatever it was doing" {
    [ -z "${SANITIZED-}" ] || skip "the sanitizer needs more address space than the limit"
    mkdir folder
    failed=0 succeeded=0
    for ((limit = 16000; limit <= 200000; limit += 4000)); do
        for command in "create -q -j 2 -o folder/out $BATS_FILE_TMPDIR/large.v2 $BATS_FILE_TMPDIR/large.v3" \
            "extract -j 2 -o folder/out $BATS_FILE_TMPDIR/delta v3"; do
            status=0
            # shellcheck disable=SC2086,SC2310 # words; a single command
            limited "$limit" "$TOOL" $command >said 2>&1 || status=$?
            if [ "$status" = 0 ]; then
                succeeded=$((succeeded + 1))
                rm folder/out
            elif grep -q 'error while loading shared libraries\|cannot allocate TLS' said; then
                continue # the tool has not started
            else
                failed=$((failed + 1))
                same "$limit: 1" "$limit: $status"
                same "$limit: 1" "$limit: $(grep -c '^fatelf-amd64: .' said)"
            fi
            empty folder
        done
    done
    [ "$failed" -gt 2 ]
    [ "$succeeded" -gt 2 ]
}

@test "a build with a note of ours in its metadata is refused" {
    need objcopy
    python3 -c '
import struct
open("note", "wb").write(struct.pack("<III", 13, 8, 1) + b"fatelf-amd64\0\0\0\0" + bytes(8))'
    objcopy --add-section .note.package=note "$FIXTURES/level.v1" prog.v1
    refuses 1 "prog.v1: its section .note.package contains a note of fatelf-amd64, which only bundles have; remove the \
section" create -o out prog.v1
}

@test "a section that should hold notes, and does not, is left out" {
    need objcopy
    printf 'no note' >note
    objcopy --add-section .note.package=note "$FIXTURES/level.v1" prog.v1
    succeeds create -o out prog.v1
    "$TOOL" verify -q out
    run -1 section out .note.package offset
}

@test "create reads what it has written, and refuses what is not what the builds are" {
    need_gdb
    # the first byte of a payload changes after it was written, as on a faulty disk
    head -c 1M /dev/zero | enlarge "$FIXTURES/level.v2" prog.v2
    mkdir folder
    cat >damage <<'EOF'
for name in folder/.out.*; do
    size=$(stat -c %s "$name")
    printf X | dd of="$name" bs=1 seek=$((size - 700000)) conv=notrunc status=none
done
EOF
    "${GDB[@]}" -ex 'tbreak readback' -ex run \
        -ex 'shell sh damage' -ex continue --args "$TOOL" create -q --compress none -o folder/out prog.v2 >gdb.log 2>&1
    grep -q 'reakpoint 1,' gdb.log || skip "the tool has no symbols"
    grep -q "^fatelf-amd64: folder/out: v2: damaged: a frame's checksum does not match (frame [0-9]* of 5)$" gdb.log
    grep -q 'exited with code 01' gdb.log
    empty folder
}

@test "names with any bytes give valid JSON, and text of one line" {
    need python3
    for name in $'line\nfeed' $'\xff\xfe' $'cut \xe2\x82' $'\xed\xa0\x80 surrogate' $'tab\t\e[31mred' 'a"b\c' 'bücher' \
        $'\xf5\x80\x80\x80' $'\xc0\xaf' $'\x7f' '🙂'; do
        cp "$BATS_FILE_TMPDIR/level" "$name"
        "$TOOL" list --json "$name" >json
        python3 - "$name" json <<'EOF'
import json, os, sys
text = open(sys.argv[2], "rb").read().decode("utf-8") # strict
name = os.fsencode(sys.argv[1])
got = json.loads(text)["file"]
try:
    assert got == name.decode("utf-8"), got
except UnicodeDecodeError:
    assert "\ufffd" in got, got
    assert [c for c in got if c.isascii()] == [chr(b) for b in name if b < 128], got
EOF
        same 6 "$("$TOOL" list "$name" | wc -l)"
        { "$TOOL" list "$name" && "$TOOL" verify "$name"; } >shown
        run -1 grep -aP '[\x00-\x08\x0b-\x1f\x7f]' shown
        rm "$name"
    done
}

@test "section headers in a hole are refused by create and check before anything reads them into memory" {
    need python3
    python3 - "$FIXTURES/level.v1" <<'PYTHON'
import struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
offset, count = 1 << 20, 40000000
struct.pack_into("<Q", data, 40, offset)
struct.pack_into("<HHH", data, 58, 64, 0, 0)
with open("hole.v1", "wb") as file:
    file.write(data)
    file.seek(offset)
    file.write(struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, count, 0, 0, 0, 0))
    file.truncate(offset + 64 * count)
PYTHON
    message="damaged ELF file: its headers describe a table that is larger than the file is on the disk"
    if [ -z "${SANITIZED-}" ]; then
        ulimit -v 500000
    fi
    refuses 1 "hole.v1: $message" create -o out hole.v1
    skip_unless "this fatelf-amd64 has no instruction decoder" grep -q HAVE_ZYDIS "$BUILD/config.mk"
    refuses 1 "hole.v1: $message" check hole.v1
}
