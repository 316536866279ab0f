# SPDX-License-Identifier: MIT
# What make finds out about the machine: build/config.mk, and what it says if something is missing.
load ../lib/common
load ../lib/make

# A pkg-config that does not know the packages named in the file `unknown`.
setup() {
    start_test
    echo none >unknown
    cat >pkg-config <<SCRIPT
#!/bin/sh
for word; do if grep -qxF -e "\$word" "$PWD/unknown"; then exit 1; fi; done
exec pkg-config "\$@"
SCRIPT
    chmod +x pkg-config
    printf 'ID=debian\nVERSION_CODENAME=bookworm\n' >debian
    export FATELF_OS_RELEASE=$PWD/debian
}

# configure [SETTING=VALUE...]: only makes config.mk
configure() {
    plain_make BUILD="$PWD/build" PKG_CONFIG="$PWD/pkg-config" "$@" "$PWD/build/config.mk"
}

# stops_with LINE [SETTING=VALUE...]: make fails with this one line
stops_with() {
    local line=$1
    shift
    run ! configure "$@"
    echo "$output"
    [[ $output == Makefile:*": *** $line.  Stop." && ${#lines[@]} = 1 ]]
    [ ! -e build/config.mk ]
}

@test "a missing library stops make with one line that names its package" {
    echo json-c >unknown
    stops_with "json-c is missing: apt-get install libjson-c-dev"
    echo zlib >unknown
    stops_with "zlib is missing: apt-get install zlib1g-dev"
}

@test "several missing libraries are named in one line" {
    printf '%s\n' json-c libcrypto libcpuid >unknown
    stops_with "json-c, libcrypto and libcpuid are missing: apt-get install libcpuid-dev libssl-dev libjson-c-dev"
}

@test "the line has the package of this distribution" {
    echo libzstd >unknown
    local words
    for words in "fedora dnf install libzstd-devel" "opensuse zypper install libzstd-devel" "arch pacman -S zstd" \
        "alpine apk add zstd-dev"; do
        echo "ID=${words%% *}" >release
        FATELF_OS_RELEASE=$PWD/release stops_with "libzstd is missing: ${words#* }"
    done
    echo ID=unheard-of >release
    FATELF_OS_RELEASE=$PWD/release stops_with "libzstd is missing"
}

@test "without musl, make also names the way without it" {
    stops_with "musl is missing: apt-get install musl-dev, or use STUB_LIBC=system" MUSL_LIB=/nonexistent
    echo ID=alpine >release
    FATELF_OS_RELEASE=$PWD/release stops_with "musl is missing: use STUB_LIBC=system" MUSL_LIB=/nonexistent
}

@test "STUB_LIBC=system needs no musl" {
    run configure STUB_LIBC=system MUSL_LIB=/nonexistent
    [ "$status" = 0 ] || grep -q '^MISSING :=.* libc.a' build/config.mk
    grep -qx 'MUSL_LIB :=' build/config.mk
}

@test "a static library that is missing stops make STATIC=yes, with the package that has it" {
    skip_unless "not everything can be linked statically here" configure STATIC=yes
    rm build/config.mk
    # a compiler for which these libraries do not exist
    cat >compiler <<'SCRIPT'
#!/bin/sh
case " $* " in
    *" -static-pie "*" -liberty "* | *" -liberty "*" -static-pie "*) exit 1 ;;
    *" -static-pie "*" -lcrypto "* | *" -lcrypto "*" -static-pie "*) exit 1 ;;
esac
exec cc "$@"
SCRIPT
    chmod +x compiler
    stops_with "libcrypto.a and libbfd.a are missing: apt-get install binutils-dev libiberty-dev libssl-dev" \
        STATIC=yes CC="$PWD/compiler" STUB_CC=cc
    configure CC="$PWD/compiler" STUB_CC=cc
    printf '#!/bin/sh\ncase " $* " in *" -static-pie "*) exit 1 ;; esac\nexec cc "$@"\n' >compiler
    rm build/config.mk
    run ! configure STATIC=yes CC="$PWD/compiler" STUB_CC=cc
    [[ $output == *"libc.a, "* ]]
}

@test "a compiler that does not work is named" {
    stops_with "'$PWD/pkg-config' does not compile and link a C program: apt-get install gcc libc6-dev, or set CC" \
        CC="$PWD/pkg-config"
}

@test "a machine is looked at once, and again if a setting changes" {
    local before after
    # characters that mean something to make and to the shell
    local odd='-O2 -DHASH="#" -DQUOTE=\"$$x y\"'
    configure
    before=$(stat -c '%i %Y' build/config.mk)
    configure
    same "$before" "$(stat -c '%i %Y' build/config.mk)"
    configure CFLAGS="$odd"
    after=$(stat -c '%i %Y' build/config.mk)
    [ "$after" != "$before" ]
    configure CFLAGS="$odd"
    same "$after" "$(stat -c '%i %Y' build/config.mk)"
    skip_unless "the C library cannot be linked statically" configure STUB_LIBC=system
    before=$(stat -c '%i %Y' build/config.mk)
    [ "$after" != "$before" ]
}

@test "an object is compiled again if a setting changes, and only then" {
    local object=$PWD/build/tool/lib/level.o
    plain_make BUILD="$PWD/build" "$object"
    run -0 plain_make -q BUILD="$PWD/build" "$object"
    run -1 plain_make -q BUILD="$PWD/build" CFLAGS=-O1 "$object"
}

@test "settings from the environment count, to the character" {
    # shellcheck disable=SC2016 # make reads $$ as one
    run -0 env CFLAGS='-O1 -DSIGNS=\#\$$x' make -s -n -C "$TOP" BUILD="$PWD/build" "$PWD/build/tool/lib/level.o"
    # shellcheck disable=SC2016
    [[ $output == *' -O1 -DSIGNS=\#\$x '* ]]
}

@test "without cmocka the unit tests are skipped, until it is installed" {
    skip_unless "cmocka is not installed" pkg-config --exists cmocka
    echo cmocka >unknown
    configure
    grep -q '^MISSING :=.* cmocka' build/config.mk
    local before
    before=$(stat -c '%i %Y' build/config.mk)
    configure # looks again; nothing has changed, so nothing is compiled again
    [ "$(stat -c '%i %Y' build/config.mk)" = "$before" ]
    run -0 plain_make -n BUILD="$PWD/build" PKG_CONFIG="$PWD/pkg-config" test
    [[ $output == *'SKIPPED_UNITS="tests/unit/'* && $output != *"/build/unit/"* ]]
    echo none >unknown
    run -0 plain_make -n BUILD="$PWD/build" PKG_CONFIG="$PWD/pkg-config" test
    [[ $output == *'SKIPPED_UNITS=""'* && $output == *"/build/unit/"* ]]
}

@test "CPPFLAGS reach the tool, the unit tests and the fixtures, but not a stub for another C library" {
    local line part
    run -0 plain_make -n BUILD="$PWD/build" CPPFLAGS=-DMARK test
    for part in tool/lib/level.o tool/bundler/main.o fixtures/level.v1 fixtures/probe; do
        line=$(grep -e " -o $PWD/build/$part " <<<"$output")
        [[ $line == *" -DMARK "* ]]
    done
    [ "$(grep -c -e "-DMARK .* -o $PWD/build/stub-musl/" <<<"$output")" = 0 ]
}

# The programs that tests/run itself uses, in the folder bin.
without_programs() {
    mkdir bin
    local program
    for program in bash env dirname mktemp cat grep sed tee rm mkdir; do
        ln -s "$(command -v "$program")" bin/
    done
}

@test "make test neither installs nor needs bats: what it cannot run is skipped" {
    without_programs
    printf '#!/bin/sh\necho "ok 1 - a unit test"\n' >unit
    chmod +x unit
    run -0 env PATH="$PWD/bin" TESTS=cpuid BUILD="$PWD" "$TOP/tests/run" "$PWD/unit"
    [[ $output == *"ok - tests/cpuid/levels.bats # skip bats is not installed"* ]]
    [ "${lines[-1]}" = "1 passed, 0 failed, 1 skipped" ]
}

@test "if no test can run, make test says how to change that; in continuous integration it fails" {
    without_programs
    run -0 env -u CI PATH="$PWD/bin" TESTS=cpuid BUILD="$PWD" "$TOP/tests/run"
    [[ $output == *"no test ran; \`.ci/install-deps check\` installs what the tests need"* ]]
    [ "${lines[-1]}" = "0 passed, 0 failed, 1 skipped" ]
    run ! env CI=true PATH="$PWD/bin" TESTS=cpuid BUILD="$PWD" "$TOP/tests/run"
    run ! env -u CI PATH="$PWD/bin" TESTS=misspelt BUILD="$PWD" "$TOP/tests/run"
    [ "${lines[-1]}" = "0 passed, 0 failed, 0 skipped" ]
}

@test "without Zydis, or with ZYDIS=no, the tool is built without an instruction decoder" {
    local before
    configure ZYDIS=no
    grep -qx 'ZYDIS_CFLAGS :=' build/config.mk
    grep -qx 'ZYDIS_LIBS :=' build/config.mk
    # a compiler that does not find the header
    printf '#!/bin/sh\nif grep -qs Zydis "$1"; then exit 1; fi\nexec cc "$@"\n' >compiler
    chmod +x compiler
    configure CC="$PWD/compiler"
    grep -qx 'ZYDIS_CFLAGS :=' build/config.mk
    grep -q '^MISSING :=.* zydis' build/config.mk
}

@test "a tool without an instruction decoder says so in check, and creates bundles as ever" {
    plain_make ZYDIS=no BUILD="$PWD/none" CFLAGS=-O0 "$PWD/none/fatelf-amd64" >/dev/null 2>&1
    echo 'int main(void) { return __builtin_popcount(__builtin_ia32_crc32qi(1, 2)); }' >program.c
    cc -march=x86-64-v3 -o program program.c
    run ! none/fatelf-amd64 check v1=program
    [ "$output" = "fatelf-amd64: check: this fatelf-amd64 has no instruction decoder; install Zydis and build it again" ]
    run none/fatelf-amd64 create --stub "$BUILD/fatelf-amd64-stub" -o bundle v1=program
    [ "$status" = 0 ]
    [ -z "$output" ]
    run "$BUILD/fatelf-amd64" verify -q bundle
    [ "$status" = 0 ]
}
