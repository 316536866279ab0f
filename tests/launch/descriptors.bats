# SPDX-License-Identifier: MIT
# Bundles that are started with some of the descriptors 0, 1 and 2 closed: the program finds them as natively, and no
# message of the launcher goes to a file that the launcher has opened itself.
load ../lib/common
load ../lib/inplace
load ../lib/surroundings
load ../lib/users

# The program writes what its first descriptors are to the file that its argument names.
setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    cat >descriptors.c <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char text[512] = "";
    struct stat status;

    for (int fd = 0; argc > 1 && fd < 8; fd++) {
        int flags = fcntl(fd, F_GETFL);
        if (flags >= 0 && fstat(fd, &status) == 0)
            sprintf(text + strlen(text), "%d: device %lx, flags %x\n", fd, (unsigned long)status.st_rdev, flags);
    }
    int fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0666);
    return write(fd, text, strlen(text)) != (ssize_t)strlen(text);
}
END
    gcc -O2 -D_GNU_SOURCE -o dynamic descriptors.c
    gcc -O2 -D_GNU_SOURCE -static -o static descriptors.c
    local name
    for name in dynamic static; do
        "$TOOL" create -q --launch inplace -o $name.stored v1=$name
        "$TOOL" create -q --launch inplace --compress zstd -o $name.zstd v1=$name
        "$TOOL" create -q -o $name.memfd v1=$name
    done
}

teardown() {
    remove_public_folder
}

# closing HOW PROGRAM FILE: runs it with these descriptors closed; status 1 if it cannot be run
closing() {
    # shellcheck disable=SC2016 # for the other shell
    "${PREFIX[@]}" "$FIXTURES/exec-with" close=3 -- /bin/sh sh -c "exec \"\$0\" \"\$1\" $1" "$2" "$3"
}

# all_as_native PROGRAM: with any of the descriptors closed, bundles of it find the same as the program
all_as_native() {
    local how kind
    for how in '' '<&-' '>&-' '2>&-' '<&- >&-' '>&- 2>&-' '<&- >&- 2>&-'; do
        closing "$how" "./$1" native.out </dev/null >/dev/null 2>&1
        [ -s native.out ] || [ "$how" = '<&- >&- 2>&-' ]
        for kind in stored zstd memfd; do
            rm -f "$kind.out"
            closing "$how" "./$1.$kind" "$kind.out" </dev/null >/dev/null 2>&1
            diff native.out "$kind.out" || fail "$1.$kind with '$how'"
        done
    done
}

@test "with descriptors 0 to 2 closed, a program finds them closed as natively" {
    local name
    cp "$BATS_FILE_TMPDIR"/* .
    for name in dynamic static; do
        all_as_native $name
        export FATELF_AMD64_DEBUG=log
        all_as_native $name
        unset FATELF_AMD64_DEBUG
    done
}

@test "with descriptors 0 to 2 closed, a set-uid program finds what its own C library opened" {
    local name
    need_set_uid
    public_folder
    chmod 777 .
    cp "$BATS_FILE_TMPDIR"/* .
    chmod 4755 dynamic* static*
    PREFIX=("${OTHER_USER[@]}")
    for name in dynamic static; do
        all_as_native $name
    done
    # glibc opens /dev/full in place of standard input
    closing '<&-' ./static.memfd out
    grep -q '^0: ' out
}

@test "a set-uid or set-gid bundle starts with a closed descriptor in a chroot without /dev/null, if its program does" {
    local kind wanted mode
    need_set_uid
    public_folder
    mkdir root
    cp "$BATS_FILE_TMPDIR"/static* root/
    # a program without a C library, so that nothing looks at its descriptors
    cat >bare.c <<'END'
void _start(void)
{
    __asm__ volatile("syscall" : : "a"(231L), "D"(5L));
}
END
    "${COMPILE_BARE[@]}" -static -o root/bare bare.c
    for kind in stored:inplace:none zstd:inplace:zstd memfd:memfd:zstd; do
        IFS=: read -r kind launch compress <<<"$kind"
        "$TOOL" create -q --launch "$launch" --compress "$compress" -o "root/bare.$kind" v1=root/bare
    done
    for mode in 4755 2755; do
        chmod u-s,g-s root/*
        chmod "$mode" root/*
        for wanted in bare static; do
            for kind in '' .stored .zstd .memfd; do
                status=0
                bash -c 'ulimit -c 0; exec "$@" <&-' bash chroot --userspec=65534:65534 root "/$wanted$kind" /file \
                    2>/dev/null || status=$?
                [ -n "$kind" ] || native=$status
                same "$native" "$status"
            done
            [ "$wanted" != bare ] || same 5 "$native"
        done
    done
}

@test "the log does not go to the memfd if standard error is closed" {
    local how
    "$TOOL" create -q -o probe v1="$FIXTURES/probe"
    for how in '2>&-' '2>&- <&-'; do
        # without seals, a message could be written to it
        FATELF_AMD64_DEBUG=log sandboxed fcntl+seals=EINVAL /bin/sh -c "exec ./probe exe $how" >out
        grep -Fxq 'exe: /memfd:probe.v1 (deleted)' out
    done
}
