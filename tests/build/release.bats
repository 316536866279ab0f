# SPDX-License-Identifier: MIT
# make selfcheck and make release: the tool as a bundle of itself, linked statically.
load ../lib/common
load ../lib/make
load ../lib/surroundings
load ../lib/users

NAME=fatelf-amd64-$(sed -n 's/^VERSION := //p' "$TOP/Makefile")-linux-amd64
ARCHIVE=$BUILD/$NAME.tar.gz

setup_file() {
    missing "not everything can be linked statically here" plain_make BUILD="$BATS_FILE_TMPDIR/static" STATIC=yes \
        "$BATS_FILE_TMPDIR/static/config.mk"
    missing "a release is made with the package manager of Debian" command -v dpkg-query
    [ -z "$MISSING" ] || return 0
    plain_make selfcheck >"$BATS_FILE_TMPDIR/selfcheck"
    plain_make release >"$BATS_FILE_TMPDIR/release"
    # as the README says
    mkdir "$BATS_FILE_TMPDIR/local"
    (cd "$BUILD" && sha256sum --quiet -c "$NAME.tar.gz.sha256")
    tar -xzf "$ARCHIVE" -C "$BATS_FILE_TMPDIR/local" --strip-components=1
}

# Sets INSTALLED: the folder where the release has been unpacked, and RELEASED: the tool in it.
setup() {
    start_test
    INSTALLED=$BATS_FILE_TMPDIR/local
    RELEASED=$INSTALLED/bin/fatelf-amd64
}

@test "the tool bundles its own builds, this bundle makes the same one, and that one makes it again" {
    local stage
    same 3 "$(wc -l <"$BATS_FILE_TMPDIR/selfcheck")"
    same 1 "$(cut -d ' ' -f 1 "$BATS_FILE_TMPDIR/selfcheck" | sort -u | wc -l)"
    for stage in 1 2 3; do
        sha256sum "$BUILD/self/stage$stage" | finds -xFf "$BATS_FILE_TMPDIR/selfcheck"
    done
    run -0 "$BUILD/self/stage3" list "$BUILD/self/stage1"
    # four builds, each with its own contents
    same "v1 v2 v3 v4" "$(sed -n 's/^\(v[1-4]\) .*/\1/p' <<<"$output" | paste -sd ' ')"
    same 4 "$(sed -n 's/^v[1-4] .* //p' <<<"$output" | sort -u | wc -l)"
    same "$BUILD/self/stage1: ok, v1, v2, v3, v4" "$("$BUILD/self/stage2" verify "$BUILD/self/stage1")"
}

@test "selfcheck fails if a bundle makes something else" {
    mkdir build
    cp "$BUILD/fatelf-amd64-stub" build/
    # its results depend on where it is
    cat >build/fatelf-amd64 <<'SCRIPT'
#!/bin/sh
until [ "$1" = -o ]; do shift; done
cp "$0" "$2"
echo "# $0" >>"$2"
SCRIPT
    chmod +x build/fatelf-amd64
    run -1 "$TOP/.ci/bundle-self" "$PWD/build" 3
    same "selfcheck: $PWD/build/self/stage2 is not the same as stage1" "${lines[-1]}"
    same 2 "$(grep -c "  $PWD/build/self/stage" <<<"$output")"
}

@test "the release works in a chroot that contains nothing else, at every level" {
    need_root
    mkdir -p root/usr
    cp -r "$INSTALLED" root/usr/local
    cp "$FIXTURES"/level.v[1-4] root/
    "$TOOL" create -q -o wanted "$FIXTURES"/level.v[1-4]
    local level levels released=/usr/local/bin/fatelf-amd64
    levels=$(runnable_levels)
    for level in $levels; do
        export FATELF_AMD64=v$level
        as_root chroot root "$released" create -o made level.v1 level.v2 level.v3 level.v4
        cmp root/made wanted
        same "made: ok, v1, v2, v3, v4" "$(as_root chroot root "$released" verify made)"
        same "$(cd root && "$TOOL" list -v made)" "$(as_root chroot root "$released" list -v made)"
        as_root chroot root "$released" extract -o three made v3
        cmp root/three root/level.v3
        rm -f root/made root/three
    done
    same "level.v1 level.v2 level.v3 level.v4 usr" "$(ls root | paste -sd ' ')"
}

@test "the released tool loads no library and reads no settings" {
    need strace readelf
    local level
    for level in 1 2 3 4; do
        "$TOOL" extract -o "tool.v$level" "$RELEASED" "v$level"
        readelf -lW "tool.v$level" >headers
        run -1 grep INTERP headers
        readelf -dW "tool.v$level" >headers
        run -1 grep NEEDED headers
    done
    cp "$FIXTURES/level.v1" .
    strace -f -qq -e trace=open,openat -o calls "$RELEASED" create -q -o out level.v1
    # absolute paths: only its own
    grep -o '"/[^"]*"' calls | sort -u >paths
    printf '"%s"\n' /dev/null "$INSTALLED/libexec/fatelf-amd64/fatelf-amd64-stub" | sort >allowed
    diff allowed paths
}

@test "the released tool needs no system call, and no flag of the launcher's, that Linux 4.18 lacks" {
    need python3
    local old=newer-than-4.18=ENOSYS,memfd_create+exec=EINVAL,fcntl+future-write=EINVAL method
    run -1 sandboxed "$old" "$(type -P python3)" -c 'import os; os.pidfd_open(os.getpid())'
    [[ $output == *"Function not implemented"* ]]
    for method in inplace memfd; do
        export FATELF_AMD64_LAUNCH=$method
        sandboxed "$old" "$RELEASED" create -q --force -o made "$FIXTURES"/level.v[1-4]
        same "made: ok, v1, v2, v3, v4" "$(sandboxed "$old" "$RELEASED" verify made)"
        sandboxed "$old" "$RELEASED" extract --force -o three made v3
        cmp three "$FIXTURES/level.v3"
        sandboxed "$old" "$RELEASED" build -q --force -l v1,v2 -o built -- \
            cp "$FIXTURES/level.{level}" '{}'
        same "built: ok, v1, v2" "$("$TOOL" verify built)"
    done
}

@test "the released tool is hardened, as the other is" {
    need readelf
    [ "$(sed -n 's/^HARDENING := //p' "$BUILD/self/v1/config.mk")" = yes ] || skip "built without hardening"
    "$TOOL" extract -o tool.v1 "$RELEASED" v1
    readelf -hW tool.v1 | finds 'Type: *DYN'
    readelf -lW tool.v1 | finds '^ *GNU_RELRO'
    readelf -dW tool.v1 | finds 'FLAGS_1.* NOW'
    readelf -lW tool.v1 | finds '^ *GNU_STACK .* RW '
}

@test "the archive has what make install installs, and the sums of all files in it" {
    plain_make PREFIX=/ DESTDIR="$PWD/root" install
    (cd root && find . ! -type d | LC_ALL=C sort) >wanted
    (cd "$INSTALLED" && find . ! -type d ! -path './share/doc/*' | LC_ALL=C sort) >got
    diff wanted got
    (cd "$INSTALLED" && sha256sum --quiet -c share/doc/fatelf-amd64/SHA256SUMS)
    sed 's/^[^ ]*  //' "$INSTALLED/share/doc/fatelf-amd64/SHA256SUMS" >wanted
    (cd "$INSTALLED" && find . -type f ! -name SHA256SUMS | sed 's,^\./,,' | LC_ALL=C sort) >got
    diff wanted got
    cmp "$TOP/README.md" "$INSTALLED/share/doc/fatelf-amd64/README.md"
    cmp root/libexec/fatelf-amd64/fatelf-amd64-stub "$INSTALLED/libexec/fatelf-amd64/fatelf-amd64-stub"
    cmp "$BUILD/self/stage1" "$RELEASED"
    # no directories, whose permissions would replace those of /usr/local
    tar -tzf "$ARCHIVE" >names
    run -1 grep '/$' names
    LC_ALL=C sort -c names
    same 0/0 "$(tar -tvzf "$ARCHIVE" | awk '{ print $2 }' | sort -u)"
    same 1 "$(TZ=UTC tar -tvzf "$ARCHIVE" | awk '{ print $4, $5 }' | sort -u | wc -l)"
}

@test "LICENSE has the licenses of everything that is linked into the tool and the stub" {
    local license=$INSTALLED/share/licenses/fatelf-amd64/LICENSE name
    cmp -n "$(stat -c %s "$TOP/LICENSE")" "$TOP/LICENSE" "$license"
    for name in binutils glibc openssl json-c libcpuid zlib libzstd musl xxhash gcc libiberty; do
        finds "^  .*, from the source package $name" <"$license"
    done
    for name in "GNU GENERAL PUBLIC LICENSE" "GNU LESSER GENERAL PUBLIC LICENSE" "Apache License" \
        "GCC RUNTIME LIBRARY EXCEPTION" "Yann Collet" "Jean-loup Gailly" "Veselin Georgiev" "Rich Felker"; do
        finds "$name" <"$license"
    done
}

@test "a release with a part whose license is unknown or missing is refused" {
    mkdir musl bin
    cp "$(sed -n 's/^MUSL_LIB := //p' "$BUILD/config.mk")/libc.a" musl
    sed "s,^MUSL_LIB := .*,MUSL_LIB := $PWD/musl," "$BUILD/config.mk" >config.mk
    run -1 "$TOP/.ci/licenses" config.mk "$BUILD/self/v1/config.mk"
    same "licenses: $PWD/musl/libc.a belongs to no package, so its license is unknown" "$output"
    printf '#!/bin/sh\necho "no-such-package:amd64: $2"\n' >bin/dpkg-query
    chmod +x bin/dpkg-query
    run -1 env PATH="$PWD/bin:$PATH" "$TOP/.ci/licenses" "$BUILD/config.mk" "$BUILD/self/v1/config.mk"
    same "licenses: /usr/share/doc/no-such-package/copyright is missing: the license of no-such-package is needed; \
install the package again" "${lines[-1]}"
    run -1 "$TOP/.ci/licenses" "$BUILD/config.mk" "$BUILD/config.mk"
    same "licenses: a release has a stub with musl and a static tool; do not set STUB_LIBC or STATIC" "$output"
}

@test "releases from two folders are the same, to the byte" {
    need_slow
    unpack_dist
    mkdir elsewhere
    cp -rp source elsewhere/folder
    plain_make -C "$PWD/source" BUILD="$PWD/one" release >/dev/null
    (umask 077 && cd elsewhere/folder && plain_make -C "$PWD" BUILD=build release >/dev/null)
    cmp "one/$NAME.tar.gz" "elsewhere/folder/build/$NAME.tar.gz"
}
