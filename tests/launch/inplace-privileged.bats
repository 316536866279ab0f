# SPDX-License-Identifier: MIT
# Bundles that start in place with the rights of their file: set-uid, set-gid, capabilities, and without read
# permission.
load ../lib/common
load ../lib/inplace
load ../lib/self
load ../lib/users

setup_file() {
    make_self_kinds pie
}

setup() {
    start_test
    KINDS=$BATS_FILE_TMPDIR
}

teardown() {
    remove_public_folder
}

# publish NAME: the program and the bundle in the public folder, as native/NAME and stored/NAME
publish() {
    public_folder
    mkdir native stored
    cp "$KINDS/native/$1" native
    cp "$KINDS/stored/$1" stored
}

# compare_for_nobody NAME: both print the same for another user, who also asks the dynamic loader for something that it
# must not do for a privileged program
compare_for_nobody() {
    local kind
    for kind in native stored; do
        (cd "$kind" && "${AS_NOBODY[@]}" env -i LD_LIBRARY_PATH=/ PATH="$PATH" "./$1" 2>&1) |
            sed "s|$PUBLIC/$kind|FOLDER|" >"$kind.out"
    done
    no_differences stored
}

@test "a set-uid or set-gid bundle runs in place with those rights, in secure mode" {
    need_set_uid
    publish pie
    chmod 4755 */pie
    compare_for_nobody pie
    grep -Eq '^status Uid:.65534.0.0.0$' stored.out
    grep -Eq '^auxv [0-9]*, type 23: 1,' stored.out
    grep -Fxq '/proc/self/exe: is the file that was started: 1' stored.out
    chmod 2755 */pie
    compare_for_nobody pie
    grep -Eq '^status Gid:.65534.0.0.0$' stored.out
    grep -Eq '^auxv [0-9]*, type 23: 1,' stored.out
    grep -Fxq '/proc/self/exe: is the file that was started: 1' stored.out
}

@test "the program has the capabilities of the bundle's file" {
    PATH=$PATH:/usr/sbin:/sbin
    need setcap
    need_set_uid
    publish pie
    setcap cap_net_raw,cap_net_bind_service+ep native/pie 2>err || skip "file capabilities cannot be set here"
    setcap cap_net_raw,cap_net_bind_service+ep stored/pie
    compare_for_nobody pie
    grep -Eq '^status CapEff:.0000000000002400$' stored.out
    grep -Eq '^auxv [0-9]*, type 23: 1,' stored.out
    grep -Fxq '/proc/self/exe: is the file that was started: 1' stored.out
}

@test "a bundle that may be executed but not read starts in place, and is not dumpable" {
    publish pie
    chmod 0111 */pie
    compare_for_nobody pie
    grep -Fxq 'may be dumped: 0' stored.out
    grep -Fxq '/proc/self/exe: is the file that was started: 1' stored.out
}
