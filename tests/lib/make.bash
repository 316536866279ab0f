# SPDX-License-Identifier: MIT
# For the tests of make's targets.

# make in the source tree, without the settings that the make which runs the tests may have put into the environment.
# The tool is not built again: a test that builds sets BUILD=.
plain_make() {
    env -u CC -u CFLAGS -u CPPFLAGS -u LDFLAGS -u HARDENING -u ZYDIS -u STATIC -u STUB_CC -u STUB_LIBC -u PREFIX -u DESTDIR -u INSTALL \
        make --no-print-directory -s -C "$TOP" BUILD="$BUILD" "$@"
}

# The archive's folder of sources, unpacked here.
unpack_dist() {
    plain_make BUILD="$PWD/packed" dist >/dev/null
    tar -xzf packed/fatelf-amd64-*.tar.gz
    mv fatelf-amd64-*/ source
}
