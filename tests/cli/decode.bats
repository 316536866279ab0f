# SPDX-License-Identifier: MIT
# verify and extract decode with several threads: the outcome does not depend on which is faster.
load ../lib/common
load ../lib/tool

@test "more frames than the threads have room for arrive whole and in order, whatever the number of threads" {
    head -c 9M /dev/urandom | base64 | enlarge "$FIXTURES/level.v2" many.v2
    "$TOOL" create -q --compress none -o stored many.v2
    "$TOOL" create -q --compress zstd:1 -o coded many.v2
    for bundle in stored coded; do
        for jobs in 1 2 16 1024; do
            "$TOOL" extract -j "$jobs" -o - "$bundle" v2 | cmp - many.v2
        done
    done
    # what depends on the order of the threads does not show in every run
    for _ in 1 2 3 4 5; do
        "$TOOL" verify -q -j 2 coded
        "$TOOL" verify -q -j 4 coded
    done
}

@test "of two damaged frames of the base, the one that is needed first is reported, although the other comes first" {
    need python3
    head -c 2M /dev/urandom >one
    head -c 2M /dev/urandom >other
    cat one other | enlarge "$FIXTURES/level.v2" prog.v2
    cat other one | enlarge "$FIXTURES/level.v2" prog.v3
    "$TOOL" create -q --base v2 -o b prog.v[23]
    damaged=$(python3 - b "$TOP/tests/corrupt" <<'PYTHON'
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[2])
from bundle import Bundle
data = open(sys.argv[1], "rb").read()
base, variant = Bundle(data).variants

def needed(frame):
    first = frame.prefix_offset // base.frame_size
    return range(first, -(-(frame.prefix_offset + frame.prefix_size) // base.frame_size))

needs = [needed(frame) for frame in variant.table]
first = next(i for i, frames in enumerate(needs) if frames.start > 3) # the first frame with bytes of `other`
low, high = 3, needs[first].start
assert all(low not in frames for frames in needs[:first + 1]) and any(low in frames for frames in needs[first:])
with open(sys.argv[1], "r+b") as file:
    for frame in low, high:
        file.seek(base.frames[frame].start + 1000)
        file.write(b"changed")
print(high + 1, "of", base.frame_count)
PYTHON
    )
    for jobs in 1 2 4; do
        run -1 "$TOOL" extract -j "$jobs" -o out b v3
        same "fatelf-amd64: b: v3, its base v2: damaged: a frame's checksum does not match (frame $damaged)" "$output"
    done
}
