# SPDX-License-Identifier: MIT
# What `cpu` says of this machine, and of the processors that qemu emulates.
load ../lib/common
load ../lib/tool
load ../lib/glibc

@test "cpu finds the level that glibc's loader finds" {
    need python3
    need_glibc
    level=$(glibc_level env)
    tool cpu
    same 0 "$status"
    nothing "$stderr"
    same "level: x86-64-v$level" "$(sed -n 2p <<<"$output")"
    same "v$level" "$("$TOOL" cpu --json | json 'd["level"]')"
}

@test "cpu names the processor as the kernel does" {
    need python3
    name=$(sed -n 's/^model name[[:space:]]*: *//p' /proc/cpuinfo | sed -n 1p | tr -s ' ' | sed 's/ $//')
    [ -n "$name" ] || skip "the kernel names no processor"
    tool cpu
    same "processor: $name" "$(head -n 1 <<<"$output" | tr -s ' ' | sed 's/ $//')"
    same "$name" "$("$TOOL" cpu --json | json '" ".join(d["processor"].split())')"
}

# The missing features are in the order of the psABI's table.
@test "cpu says what is missing for the next level, on processors that qemu emulates" {
    need python3
    not_sanitized
    need qemu-x86_64
    while read -r model level missing; do
        PREFIX=(qemu-x86_64 -cpu "$model")
        tool cpu
        same "$model: 0" "$model: $status"
        wanted="level: x86-64-v$level
missing for x86-64-v$((level + 1)): $missing"
        same "$model: $wanted" "$model: $(sed 1d <<<"$output")"
        tool cpu --json
        same "$model: v$level $missing" \
            "$model: $(json 'd["level"] + " " + ", ".join(d["missing_for_next"])' <<<"$output")"
    done <<'END'
qemu64 1 POPCNT, SSSE3, SSE4_1, SSE4_2
core2duo 1 POPCNT, SSE4_1, SSE4_2
Nehalem 2 AVX, AVX2, BMI1, BMI2, F16C, FMA, LZCNT, MOVBE, OSXSAVE
Haswell 3 AVX512F, AVX512BW, AVX512CD, AVX512DQ, AVX512VL
END
}

@test "cpu lists no missing features at the highest level" {
    need python3
    need_level 4
    tool cpu
    same 2 "$(wc -l <<<"$output")"
    same "[]" "$("$TOOL" cpu --json | json 'd["missing_for_next"]')"
}

@test "cpu --json is an object with three members" {
    need python3
    tool cpu --json
    same 0 "$status"
    nothing "$stderr"
    same "['level', 'missing_for_next', 'processor']" "$(json 'sorted(d)' <<<"$output")"
}

@test "an override in the environment does not change what cpu says" {
    tool cpu
    wanted=$output
    export FATELF_AMD64=v1 GOAMD64=v1
    prints "$wanted" cpu
}
