# SPDX-License-Identifier: MIT
# make dist: the same archive from a git work tree and from an unpacked archive.
load ../lib/common
load ../lib/make

need_archive() {
    need tar gzip
    unpack_dist
}

dist_again() {
    plain_make -C "$PWD/source" BUILD="$PWD/again" dist
}

@test "an unpacked archive packs itself again, to the byte" {
    need_archive
    dist_again
    cmp packed/fatelf-amd64-*.tar.gz again/fatelf-amd64-*.tar.gz
}

@test "the archive has all that git tracks, and nothing else" {
    need git
    need_archive
    [ -e "$TOP/.git" ] || skip "not a git work tree"
    git -c safe.directory="$TOP" -C "$TOP" ls-files | LC_ALL=C sort >wanted
    (cd source && find . -type f | sed 's,^\./,,' | LC_ALL=C sort) >got
    diff wanted got
}

# What is left in a tree: by make, compilers, editors and people.
litter() {
    mkdir -p source/build source/tests/__pycache__ source/examples/rust/target
    touch source/build/tool source/lib/level.o source/tests/__pycache__/case.pyc source/notes.txt
    cp source/Makefile source/Makefile~
    cp source/lib/level.c source/examples/rust/target
    cp source/lib/level.c source/lib/.level.c.swp
    echo "notes without a license" >source/docs/notes.md
}

@test "an unpacked archive does not pack what does not belong to it" {
    need_archive
    litter
    dist_again
    cmp packed/fatelf-amd64-*.tar.gz again/fatelf-amd64-*.tar.gz
}

@test "a git work tree does not pack what it does not track" {
    need git
    need_archive
    (cd source && git init -q && git add -A &&
        git -c user.name=A -c user.email=a@example.org commit -q -m first --date=@1000000000)
    litter
    cp source/lib/level.c source/lib/untracked.c
    SOURCE_DATE_EPOCH=1000000000 dist_again
    tar -tzf packed/fatelf-amd64-*.tar.gz >wanted
    tar -tzf again/fatelf-amd64-*.tar.gz >got
    diff wanted got
}

@test "the archive does not depend on times, permissions or the umask if SOURCE_DATE_EPOCH is given" {
    need_archive
    SOURCE_DATE_EPOCH=1000000000 dist_again
    mv again first
    find source -type f -exec touch -d @1700000000 {} +
    chmod -R go-rwx source
    umask 077
    SOURCE_DATE_EPOCH=1000000000 dist_again
    cmp first/fatelf-amd64-*.tar.gz again/fatelf-amd64-*.tar.gz
    [ "$(TZ=UTC tar -tvzf again/fatelf-amd64-*.tar.gz | awk '{ print $2, $4, $5 }' | sort -u)" = "0/0 2001-09-09 01:46" ]
}
