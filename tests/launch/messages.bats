# SPDX-License-Identifier: MIT
# Messages stay one line and whole, whatever is in the paths and variables that they name.
load ../lib/common
load ../lib/surroundings
load ../lib/users

setup() {
    start_test
    "$TOOL" create -q -o level v1="$FIXTURES/level.v1"
    odd=$(printf 'a\tb\nc\033[31md\177e\302\233f\\g')
    shown='a\tb\nc\033[31md\177e\302'$(printf '\233')'f\g'
}

# says TEXT: the last command, by `capture`, printed this line and nothing else
says() {
    same 1 "$(wc -l <err)"
    same "$1" "$(<err)"
}

@test "control characters in the path of a bundle are escaped" {
    cp level "$odd"
    FATELF_AMD64=v9 capture "./$odd"
    same 126 "$status"
    [ "$(wc -l <err)" = 1 ]
    grep -Faq "fatelf-amd64: ./$shown: FATELF_AMD64=v9: unknown value; " err
    FATELF_AMD64_DEBUG=log capture "./$odd"
    grep -Faq "fatelf-amd64: ./$shown: starting v1 by memfd, " err
    FATELF_AMD64_DEBUG=list capture "./$odd"
    grep -Faq "./$shown: launch memfd; " out
}

@test "control characters in a variable are escaped" {
    FATELF_AMD64=$odd capture ./level
    same 126 "$status"
    [ "$(wc -l <err)" = 1 ]
    grep -Faq "fatelf-amd64: ./level: FATELF_AMD64=$shown: unknown value; " err
}

@test "characters outside of ASCII are not escaped" {
    local text
    text=$(printf '20 \302\260, \303\251, \342\202\254')
    FATELF_AMD64=$text capture ./level
    grep -Faq "fatelf-amd64: ./level: FATELF_AMD64=$text: unknown value; " err
}

@test "control characters in the path of a dynamic loader are escaped" {
    gcc -o other -x c - "-Wl,--dynamic-linker=./$odd" <<<'int main(void) { return 0; }'
    "$TOOL" create -q --launch inplace -o program v1=other
    capture ./program
    same 126 "$status"
    same 1 "$(wc -l <err)"
    grep -Faq "fatelf-amd64: ./program: the program could not be started: inplace: ./$shown: No such file" err
}

@test "control characters in the folder of a private file are escaped" {
    mkdir "$odd"
    TMPDIR=$PWD/$odd FATELF_AMD64_DEBUG=log capture sandboxed "$only_files" ./level
    same v1 "$(<out)"
    grep -Faq "starting v1 by $PWD/$shown, " err
}

@test "of a long path and a long variable the start and the end are shown, and the reason is whole" {
    local long name
    name=$(printf 'x%.0s' {1..250})
    long=$(printf "$name/%.0s" {1..15})
    mkdir -p "$long"
    cp level "${long}level"
    FATELF_AMD64=v9 capture "./${long}level"
    same 126 "$status"
    says "$(printf 'fatelf-amd64: ./%s...%s/level: FATELF_AMD64=v9: unknown value; ' "${name:0:98}" "${name:0:194}")$(
        FATELF_AMD64=v9 ./level 2>&1 | sed 's/.*unknown value; //')"
    TMPDIR=$PWD/$long XDG_RUNTIME_DIR=$PWD/$long capture sandboxed "$only_files,open=EACCES,openat=EACCES" "./${long}level"
    same 126 "$status"
    same 1 "$(wc -l <err)"
    [ "$(wc -c <err)" -lt 4096 ]
    grep -Eq 'memfd: memfd_create: Operation not permitted; .*: Permission denied; .*/var/tmp: .*xxx/: [a-z]*: [A-Z][a-z ]*$' err
    FATELF_AMD64=$(printf 'y%.0s' {1..100000}) capture ./level
    says "fatelf-amd64: ./level: FATELF_AMD64=$(printf 'y%.0s' {1..87})...$(printf 'y%.0s' {1..200}): unknown value; $(
        FATELF_AMD64=v9 ./level 2>&1 | sed 's/.*unknown value; //')"
}

@test "the message about everything that was tried is whole, even if the folders have long paths" {
    need_root
    local long tried
    long=$(printf "/$(printf 'x%.0s' {1..250})%.0s" {1..7})
    mkdir -p "root$long" root/{dev/shm,tmp,var/tmp}
    compile_level 1 static -static
    "${CC:-cc}" -static -O2 -D_GNU_SOURCE -o root/seccomp-run "$TOP/tests/fixtures/seccomp-run.c"
    "$TOOL" create -q -o "root$long/static" v1=static
    # there is no /proc either
    TMPDIR=$long XDG_RUNTIME_DIR=$long capture as_root chroot root /seccomp-run "execveat=EPERM,$no_new_code" -- "$long/static"
    same 126 "$status"
    same 1 "$(wc -l <err)"
    # two attempts for the memfd, one in place, two in each of five folders
    same 13 "$(tr ';' '\n' <err | wc -l)"
    tried="/var/tmp: execve: No such file or directory; ${long:0:100}...${long: -200}: execveat: Operation not permitted; "
    grep -Fq "$tried${long:0:100}...${long: -200}: execve: No such file or directory" err
}

@test "the message about a bundle that was cut short is one line, however it was called" {
    head -c 100000 level >short
    chmod +x short
    capture "$FIXTURES/exec-with" -- ./short "$(printf 'a\nb\033[31m\177')"
    same 127 "$status"
    says 'fatelf-amd64: a?b?[31m?: damaged: the file is cut short; get a whole copy'
    capture "$FIXTURES/exec-with" -- ./short "$(printf 'z%.0s' {1..4000})"
    says "fatelf-amd64: $(printf 'z%.0s' {1..900}): damaged: the file is cut short; get a whole copy"
    capture "$FIXTURES/exec-with" -- ./short
    [ "$(wc -l <err)" = 1 ]
    grep -q ': damaged: the file is cut short; get a whole copy$' err
}

@test "the tool escapes control characters too" {
    capture "$TOOL" create -o "$odd" "no-such-$odd"
    same 1 "$status"
    same 1 "$(wc -l <err)"
    grep -Faq "no-such-$shown: " err
}
