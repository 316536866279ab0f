# SPDX-License-Identifier: MIT
# What `create` makes: the bundle, its name and its permissions.
load ../lib/common
load ../lib/tool
load ../lib/users

@test "four builds become one executable that runs the best of them" {
    succeeds create -o out "$FIXTURES"/level.v[1-4]
    same "v1 v2 v3 v4" "$(levels out)"
    same "v$(machine_level) some words" "$(./out some words)"
}

@test "any non-empty set of levels makes a bundle" {
    for set in 1 2 3 4 12 13 14 23 24 34 123 124 134 234; do
        builds=()
        for ((i = 0; i < ${#set}; i++)); do
            builds+=("$FIXTURES/level.v${set:i:1}")
        done
        succeeds create --force -o out "${builds[@]}"
        same "$set" "$(levels out | tr -d 'v ')"
    done
}

@test "every kind of program is accepted and runs: PIE or not, static or not, with and without section headers" {
    need llvm-strip
    program pie.v1 -pie -fPIE
    program fixed.v1 -no-pie
    program static.v1 -static
    program static-pie.v1 -static-pie -fPIE
    llvm-strip --strip-sections -o bare.v1 pie.v1
    for kind in pie fixed static static-pie bare; do
        "./$kind.v1"
        tool create -q -o "$kind" "$kind.v1"
        same "$kind: 0 " "$kind: $status $stderr"
        "./$kind"
    done
}

@test "zstd and objcopy extract every build without this tool" {
    need zstd objcopy
    succeeds create -o out "$FIXTURES"/level.v[1-4]
    for level in v1 v2 v3 v4; do
        objcopy -O binary --only-section=".fatelf.$level" out payload
        zstd -q -d <payload >build
        cmp build "$FIXTURES/level.$level"
    done
}

@test "-o takes its value as a separate word, attached, and as --output" {
    succeeds create -o one "$FIXTURES/level.v1"
    succeeds create "$FIXTURES/level.v1" -otwo
    succeeds create --output three "$FIXTURES/level.v1"
    succeeds create "$FIXTURES/level.v1" --output=four
    for name in two three four; do
        cmp one "$name"
    done
}

@test "an output's name may be as long as file names can be" {
    name=$(printf 'x%.0s' {1..255})
    succeeds create -o "$name" "$FIXTURES/level.v1"
    same v1 "$(levels "$name")"
}

@test "names may have spaces, newlines and a leading dash" {
    cp "$FIXTURES/level.v1" $'a \n*.v1'
    cp "$FIXTURES/level.v2" -- -dash.v2
    succeeds create -o $'out \n' -- $'a \n*.v1' -dash.v2
    same $'v1 v2' "$(levels $'out \n')"
}

@test "--go-env makes a bundle that honours GOAMD64, and no bundle honours it without --go-env" {
    need python3
    succeeds create -o with --go-env "$FIXTURES"/level.v[1-4]
    succeeds create -o without "$FIXTURES"/level.v[1-4]
    same True "$("$TOOL" list --json with | json 'd["go_env"]')"
    same False "$("$TOOL" list --json without | json 'd["go_env"]')"
    same v1 "$(GOAMD64=v1 ./with)"
    same "v$(machine_level)" "$(GOAMD64=v1 ./without)"
}

# --- permissions --------------------------------------------------------------------------------------------------

@test "the bundle has the permissions that all builds have, whatever the umask" {
    cp "$FIXTURES"/level.v[1-4] .
    while read -r v1 v2 v3 v4 wanted; do
        chmod "$v1" level.v1
        chmod "$v2" level.v2
        chmod "$v3" level.v3
        chmod "$v4" level.v4
        for mask in 000 022 077; do
            umask "$mask"
            rm -f out
            succeeds create -o out level.v1 level.v2 level.v3 level.v4
            same "$mask: $wanted" "$mask: $(stat -c %a out)"
        done
        umask 022
    done <<'END'
755 755 755 755 755
755 755 750 755 750
777 755 775 711 711
700 700 700 700 700
755 744 755 755 744
1777 777 777 777 777
555 555 555 555 555
END
}

@test "a umask that denies the owner everything is no obstacle" {
    without_privilege
    umask 777
    succeeds create -o out "$FIXTURES"/level.v[1-2]
    umask 022
    same "$(stat -c %a "$FIXTURES/level.v1")" "$(stat -c %a out)"
}

@test "a bundle that replaces a file has the builds' permissions, not the file's" {
    echo old >out
    chmod 0600 out
    succeeds create --force -o out "$FIXTURES/level.v1"
    same "$(stat -c %a "$FIXTURES/level.v1")" "$(stat -c %a out)"
}
