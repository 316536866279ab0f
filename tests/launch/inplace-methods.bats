# SPDX-License-Identifier: MIT
# Which launch method is tried: FATELF_AMD64_LAUNCH, what follows if a method is refused, and the message if all are.
load ../lib/common
load ../lib/surroundings
load ../lib/tracing
load ../lib/users

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    make_programs
}

setup() {
    start_test
    ln -s "$BATS_FILE_TMPDIR"/* .
    mkdir tmp
    export TMPDIR=$PWD/tmp
}

teardown() {
    remove_public_folder
}

# refused_files: the part of the message about private files, a pattern; a folder may not exist here, or may be mounted
# noexec
refused_files() {
    local error='[a-z ]+(: [A-Z][a-z ]+)?'
    echo "$PWD/tmp: open: Permission denied; /dev/shm: $error; /tmp: $error; /var/tmp: $error"
}

@test "if every method is refused, the status is 126 and one line lists the refusals in the order of the attempts" {
    local inplace='inplace: [a-z_0-9]+: [A-Z][a-z ]+' memfd='memfd: memfd_create: Operation not permitted' files
    local none=memfd_create=EPERM,open=EACCES,openat=EACCES
    files=$(refused_files)
    cannot_start static.decoded "$inplace; $memfd; $files" sandboxed "$none,$no_new_code"
    cannot_start static.memfd "$memfd; $inplace; $files" sandboxed "$none,$no_new_code"
    # the method that the variable asks for comes first
    FATELF_AMD64_LAUNCH=memfd cannot_start static.decoded "$memfd; $inplace; $files" sandboxed "$none,$no_new_code"
    FATELF_AMD64_LAUNCH=inplace cannot_start static.memfd "$inplace; $memfd; $files" sandboxed "$none,$no_new_code"
    empty tmp
}

@test "FATELF_AMD64_LAUNCH selects the method, whatever the bundle was made for" {
    export FATELF_AMD64_LAUNCH=inplace
    all_start_by inplace inplace inplace env
    FATELF_AMD64_LAUNCH=memfd
    all_start_by memfd memfd memfd env
}

@test "if the method that FATELF_AMD64_LAUNCH selects is refused, another one is used" {
    FATELF_AMD64_LAUNCH=memfd all_start_by inplace inplace inplace sandboxed memfd_create=EPERM
    FATELF_AMD64_LAUNCH=inplace all_start_by inplace memfd memfd sandboxed "$no_new_code"
}

@test "an unknown value of FATELF_AMD64_LAUNCH is an error that names both methods" {
    local value kind
    for kind in stored memfd; do
        for value in nonsense INPLACE 'inplace,' 'memfd,inplace' in-place file; do
            FATELF_AMD64_LAUNCH=$value capture "./static.$kind"
            [ "$status" = 126 ]
            [ ! -s out ]
            grep -q "^fatelf-amd64: \./static\.$kind: FATELF_AMD64_LAUNCH=$value: unknown value; " err
            grep -q 'FATELF_AMD64_LAUNCH takes .*inplace' err
            grep -q 'FATELF_AMD64_LAUNCH takes .*memfd' err
            [ "$(wc -l <err)" = 1 ]
        done
    done
}

@test "a set-uid bundle ignores FATELF_AMD64_LAUNCH" {
    need_set_uid
    public_folder
    cp "$FIXTURES/probe" privileged
    local kind value expected
    make_bundles privileged
    chmod 4755 privileged.*
    for kind in stored decoded memfd; do
        expected="exe: $PUBLIC/privileged.$kind"
        [ "$kind" != memfd ] || expected='exe: /memfd:privileged.memfd.v1 (deleted)'
        for value in memfd inplace nonsense; do
            capture "${AS_NOBODY[@]}" env FATELF_AMD64_LAUNCH=$value FATELF_AMD64_DEBUG=log "./privileged.$kind" exe
            [ "$status" = 0 ] || fail "$kind, $value: status $status"
            [ ! -s err ]
            grep -Fxq "$expected" out || fail "$kind, $value: started otherwise"
        done
    done
}

# --- every system call ----------------------------------------------------------------------------------------------

# make_bare: bundles of a program that calls only write and exit_group, so that all other calls are the launcher's
make_bare() {
    "${CC:-cc}" -static -nostdlib -o bare -x assembler - <<'END'
.globl _start
_start: mov $1, %eax
        mov $1, %edi
        lea text(%rip), %rsi
        mov $8, %edx
        syscall
        mov $231, %eax
        xor %edi, %edi
        syscall
text:   .ascii "v1 word\n"
.section .note.GNU-stack, "", @progbits
END
    make_bundles bare
}

# list_calls BUNDLE: "CALL HOW-OFTEN" for the launcher's calls: of `bare` all, otherwise those up to the line of its log
list_calls() {
    FATELF_AMD64_DEBUG=log strace -o trace "./$1" word >/dev/null 2>&1
    if [[ $1 = bare.* ]]; then cat trace; else sed '/^write(2, "fatelf-amd64: /,$d' trace; fi |
        sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' | grep -vxE 'execve|write|exit_group' | sort | uniq -c |
        awk '{ print $2, $1 }'
}

@test "whichever call of the launcher fails with ENOMEM or EPERM, the program starts or there is a message" {
    need_strace
    local bundle call count number error started=0
    make_bare
    for bundle in bare.stored bare.decoded static.stored dynamic.stored dynamic.decoded; do
        list_calls "$bundle" >calls
        [ -s calls ]
        while read -r call count; do
            for ((number = 1; number <= count; number++)); do
                # the launcher's C library cannot run without a thread pointer
                [ "$call $number" != 'arch_prctl 1' ] || continue
                for error in ENOMEM EPERM; do
                    capture strace -o trace -e trace="$call" -e inject="$call:error=$error:when=$number" \
                        "./$bundle" word </dev/null
                    if [ "$status" = 0 ] && [ "$(cat out)" = 'v1 word' ] && [ ! -s err ]; then
                        started=$((started + 1))
                    elif [ "$status" = 126 ] && [ ! -s out ] && grep -q '^fatelf-amd64: .*/'"$bundle"': ' err; then
                        cat err
                    else
                        fail "$bundle: $error of call $number of $call: status $status"
                    fi
                done
            done
        done <calls
    done
    echo "$started starts"
    [ "$started" -gt 20 ]
}
