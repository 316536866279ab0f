# SPDX-License-Identifier: MIT
# What `create` prints: with -v what it has written, and warnings.
load ../lib/common
load ../lib/tool
load ../lib/elf

@test "-v says what was written, to the byte" {
    tool create -v -o out "$FIXTURES/level.v1" "$FIXTURES/level.v3"
    same 0 "$status"
    nothing "$output"
    wanted=$(python3 - out "$FIXTURES/level.v1" "$FIXTURES/level.v3" \
        "$(section out .fatelf.v1 size)" "$(section out .fatelf.v3 size)" <<'PYTHON'
import os, sys
out, v1, v3, p1, p3 = sys.argv[1:]
size = os.path.getsize
for level, build, payload in (1, v1, int(p1)), (3, v3, int(p3)):
    print("v%d: %s, %d bytes, %.1f %% of its size, zstd" % (level, build, payload, payload * 100 / size(build)))
print("%s: %d bytes, %.2f times the largest build" % (out, size(out), size(out) / max(size(v1), size(v3))))
PYTHON
    )
    same "$wanted" "$stderr"
    tool create --verbose --force -o out "$FIXTURES/level.v1" "$FIXTURES/level.v3"
    same "$wanted" "$stderr"
}

@test "-v says which builds are stored" {
    tool create -v --compress none -o out "$FIXTURES/level.v1"
    size=$(stat -c %s "$FIXTURES/level.v1")
    same "v1: $FIXTURES/level.v1, $size bytes, 100.0 % of its size, stored" "${stderr%%$'\n'*}"
}

origin_warning="finds its libraries through \$ORIGIN, which is not the bundle's directory when it is started from memory"

@test "a build that finds libraries through \$ORIGIN is bundled, with a warning" {
    program runpath.v1 -Wl,--enable-new-dtags,-rpath,'/lib:$ORIGIN/../lib'
    program rpath.v2 -Wl,--disable-new-dtags,-rpath,'$ORIGIN'
    program braces.v3 -Wl,-rpath,'${ORIGIN}/lib'
    program plain.v4 -Wl,-rpath,/opt/lib
    tool create -o out runpath.v1 rpath.v2 braces.v3 plain.v4
    same 0 "$status"
    same "fatelf-amd64: warning: runpath.v1: $origin_warning
fatelf-amd64: warning: rpath.v2: $origin_warning
fatelf-amd64: warning: braces.v3: $origin_warning" "$stderr"
    same "v1 v2 v3 v4" "$(levels out)"
}

@test "a build that is not executable is bundled, with a warning" {
    cp "$FIXTURES/level.v1" "$FIXTURES/level.v2" .
    chmod a-x level.v2
    tool create -o out level.v1 level.v2
    same 0 "$status"
    same "fatelf-amd64: warning: level.v2: not executable, so the bundle is not either; 'chmod +x' it" "$stderr"
    [ ! -x out ]
    same "v1 v2" "$(levels out)"
}

@test "-q suppresses the warnings and changes nothing else" {
    program odd.v1 -Wl,-rpath,'$ORIGIN'
    chmod a-x odd.v1
    tool create -o loud odd.v1
    [ -n "$stderr" ]
    succeeds create -q -o quiet odd.v1
    cmp loud quiet
    succeeds create --quiet --force -o quiet odd.v1
    refuses 1 "quiet: exists; --force replaces it" create -q -o quiet odd.v1
}
