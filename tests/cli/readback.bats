# SPDX-License-Identifier: MIT
# What `create` has written is compared with the builds before it gets its name, so checksums in the same file cannot
# hide a difference.
load ../lib/common
load ../lib/tool
load ../lib/tracing

setup() {
    start_test
    need_gdb
    need python3
    head -c 1M /dev/urandom | enlarge "$FIXTURES/level.v2" prog.v2
    mkdir folder
}

# changed SHELL-COMMAND ARGUMENT..: create, with a command run between writing and reading back; leaves gdb.log
changed() {
    local command=$1
    shift
    "${GDB[@]}" -ex 'tbreak readback' -ex run \
        -ex "shell $command" -ex continue --args "$TOOL" create -q -o folder/out "$@" >gdb.log 2>&1
    grep -q 'reakpoint 1,' gdb.log || skip "the tool has no symbols"
}

# is_refused MESSAGE: this is what it said, and nothing is left
is_refused() {
    same "fatelf-amd64: $1" "$(grep -a '^fatelf-amd64: ' gdb.log)"
    grep -q 'exited with code 01' gdb.log
    empty folder
}

# forge STATEMENTS: the program forge.py, which changes the bundle that is being written, and makes its checksums right
# again. The statements change `data` and set `note`.
forge() {
    cat >forge.py <<PYTHON
import glob, sys
sys.dont_write_bytecode = True
sys.path.insert(0, "$TOP/tests/corrupt")
from bundle import Bundle, xxh64
name, = glob.glob("folder/.out.*")
data = bytearray(open(name, "rb").read())
bundle = Bundle(bytes(data))
$1
size = bundle.note_end - bundle.note
data[bundle.note:bundle.note_end] = note[:size]
with open(name, "r+b") as file:
    file.write(data)
PYTHON
}

faulty="folder/out: v2: the written variant differs from prog.v2; check the disk and the memory of this machine"

@test "a byte that is not the build's is found although all checksums are right" {
    forge 'frame = bundle.variants[0].frames[2]
data[frame.start + 100] ^= 1
note = bundle.with_fields(frames={(0, 2): {"checksum": xxh64(bytes(data[frame.start:frame.stop]))}})'
    changed "python3 forge.py" --compress none prog.v2
    is_refused "$faulty"
}

@test "a manifest with another hash than the build's is found" {
    forge 'note = bundle.with_fields(variants={0: {"sha256": bytes(32)}})'
    changed "python3 forge.py" --compress none prog.v2
    is_refused "$faulty"
}

@test "if the build has changed meanwhile, that is what create says" {
    changed "printf x | dd of=prog.v2 bs=1 seek=500000 conv=notrunc status=none" prog.v2
    is_refused "prog.v2: changed while it was read"
}

@test "a damaged copy of appended data is found" {
    echo 'some data' >>prog.v2
    cat >damage <<'SH'
for name in folder/.out.*; do
    size=$(stat -c %s "$name")
    printf X | dd of="$name" bs=1 seek=$((size - 3)) conv=notrunc status=none
done
SH
    changed "sh damage" prog.v2
    is_refused "folder/out: damaged: the appended data at its end was removed or changed, for instance by strip; make the bundle again"
}
