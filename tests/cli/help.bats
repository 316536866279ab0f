# SPDX-License-Identifier: MIT
# --help and --version, usage errors, and standard output that cannot be written.
load ../lib/common
load ../lib/tool

@test "the tool's help lists every command" {
    wanted="usage: fatelf-amd64 COMMAND [OPTION]... [ARGUMENT]...
Joins builds of one program for x86-64-v1 to v4 into one executable that runs the best of them.

commands:
  create      join builds for different levels into one executable
  build       run a command for each level, and join the programs that it makes
  join        make a bundle of every PROG.v1 to PROG.v4 in directories, and remove these
  add         add builds for further levels to a bundle
  replace     replace variants of a bundle by other builds
  remove      remove variants from a bundle
  list        show what a bundle contains
  extract     restore the original builds from a bundle
  verify      decode everything in a bundle and compare the hashes
  cpu         show this machine's level, and the features that it lacks for the next level
  check       show which instructions builds contain, and whether they fit their levels
  completion  print the script that completes command lines in a shell

options:
      --version              show the version and exit
  -h, --help                 show this help and exit

'fatelf-amd64 COMMAND --help' shows a command's options. Manual: fatelf-amd64(1)."
    prints "$wanted" --help
    prints "$wanted" -h
}

# The options of add and replace.
of_add="  -o, --output FILE          write the new bundle to FILE
      --in-place             replace the bundle itself, when the new one is complete
      --allow-different      accept builds of other programs
      --ignore-appended      keep the copy of appended data, whatever the builds have
  -j, --jobs N               compress on N processors (default: all that are allowed)
      --no-delta             code every build by itself
      --stub FILE            use this launcher stub
      --force                replace FILE if it exists
  -q, --quiet                no progress line, no warnings
  -h, --help                 show this help and exit"

# The options that create, build and join have in common.
of_create="      --launch METHOD        how the bundle starts its variant:
                             memfd    decode the variant into a memory file and execute that (default)
                             inplace  map the variant from the bundle, without a second exec
      --compress HOW         how the builds are stored:
                             none               as they are (default with inplace)
                             zstd               compressed, tuned to start fast (default with memfd)
                             zstd:1 to zstd:22  compressed with this zstd level
      --align SIZE           place each build at a multiple of SIZE in the file: 4K (default) to 1G
      --no-delta             code every build by itself, not as differences from another one
      --base LEVEL           code the other builds against this one, even if it saves little (default: v3)
  -j, --jobs N               compress on N processors (default: all that are allowed)
      --go-env               the bundle also honours GOAMD64 and MGODEBUG
      --allow-different      join builds even if they are different programs
      --ignore-appended      do not copy data that the builds read in their own file, even if it differs
      --no-strings           do not copy version texts of compressed builds for scanners
      --package-metadata JSON name the package of the program in .note.package
      --debug-dir DIR        strip the builds, and write their debug information to DIR
      --stub FILE            use this launcher stub
      --force                replace FILE if it exists
  -q, --quiet                no progress line, no warnings
  -v, --verbose              report what was written
  -h, --help                 show this help and exit"

@test "create's help lists its options" {
    wanted="usage: fatelf-amd64 create -o FILE [OPTION]... [LEVEL=]BUILD...
join builds for different levels into one executable

options:
  -o, --output FILE          write the bundle to FILE
$of_create"
    prints "$wanted" create --help
    prints "$wanted" create -h
}

@test "list's help lists its options" {
    wanted="usage: fatelf-amd64 list [--json] [-v] BUNDLE
show what a bundle contains

options:
      --json                 print JSON
  -v, --verbose              also show the marks of each variant, such as 'no PIE', and versions
  -h, --help                 show this help and exit"
    prints "$wanted" list --help
    prints "$wanted" list -h
}

@test "build's help lists its options" {
    wanted="usage: fatelf-amd64 build -o FILE [-l LEVELS] [OPTION]... -- COMMAND [ARGUMENT]...
run a command for each level, and join the programs that it makes

options:
  -o, --output FILE          write the bundle to FILE
  -l, --levels LEVELS        build for these levels, as in v1,v3 (default: v1,v2,v3,v4)
      --artifact PATH        the command leaves its program at PATH
$of_create"
    prints "$wanted" build --help
    prints "$wanted" build -h
}

@test "join's help lists its options" {
    wanted="usage: fatelf-amd64 join [--keep] [OPTION]... DIRECTORY...
make a bundle of every PROG.v1 to PROG.v4 in directories, and remove these

options:
      --keep                 do not remove the builds
$of_create"
    prints "$wanted" join --help
    prints "$wanted" join -h
}

@test "add's help lists its options" {
    wanted="usage: fatelf-amd64 add -o FILE|--in-place [OPTION]... BUNDLE [LEVEL=]BUILD...
add builds for further levels to a bundle

options:
$of_add"
    prints "$wanted" add --help
    prints "$wanted" add -h
}

@test "replace's help lists its options" {
    wanted="usage: fatelf-amd64 replace -o FILE|--in-place [OPTION]... BUNDLE [LEVEL=]BUILD...
replace variants of a bundle by other builds

options:
$of_add"
    prints "$wanted" replace --help
    prints "$wanted" replace -h
}

@test "remove's help lists its options" {
    wanted="usage: fatelf-amd64 remove -o FILE|--in-place [OPTION]... BUNDLE LEVEL...
remove variants from a bundle

options:
  -o, --output FILE          write the new bundle to FILE
      --in-place             replace the bundle itself, when the new one is complete
  -j, --jobs N               compress on N processors (default: all that are allowed)
      --no-delta             code every build by itself
      --stub FILE            use this launcher stub
      --force                replace FILE if it exists
  -q, --quiet                no progress line, no warnings
  -h, --help                 show this help and exit"
    prints "$wanted" remove --help
    prints "$wanted" remove -h
}

@test "extract's help lists its options" {
    wanted="usage: fatelf-amd64 extract [-o FILE|-] [--force] [-j N] [-q] BUNDLE LEVEL|best|all
restore the original builds from a bundle

options:
  -o, --output FILE          write to FILE, or with '-' to standard output; for 'all', FILE.v1, FILE.v2 ...
      --force                replace files that exist
  -j, --jobs N               decode on N processors (default: all that are allowed)
  -q, --quiet                no progress line
  -h, --help                 show this help and exit"
    prints "$wanted" extract --help
    prints "$wanted" extract -h
}

@test "verify's help lists its options" {
    wanted="usage: fatelf-amd64 verify [--has LEVEL]... [-j N] [-q] BUNDLE
decode everything in a bundle and compare the hashes

options:
      --has LEVEL            also require a variant for LEVEL; may be given several times
  -j, --jobs N               decode on N processors (default: all that are allowed)
  -q, --quiet                print nothing if the bundle is correct
  -h, --help                 show this help and exit"
    prints "$wanted" verify --help
    prints "$wanted" verify -h
}

@test "cpu's help lists its options" {
    wanted="usage: fatelf-amd64 cpu [--json]
show this machine's level, and the features that it lacks for the next level

options:
      --json                 print JSON
  -h, --help                 show this help and exit"
    prints "$wanted" cpu --help
    prints "$wanted" cpu -h
}

@test "check's help lists its options" {
    wanted="usage: fatelf-amd64 check [--json] [-j N] [-q] [LEVEL=]BUILD...
show which instructions builds contain, and whether they fit their levels

options:
      --json                 print JSON
  -j, --jobs N               decode on N processors (default: all that are allowed)
  -q, --quiet                print only warnings
  -h, --help                 show this help and exit"
    prints "$wanted" check --help
    prints "$wanted" check -h
}

@test "completion's help lists its options" {
    wanted="usage: fatelf-amd64 completion bash|zsh|fish
print the script that completes command lines in a shell

options:
  -h, --help                 show this help and exit"
    prints "$wanted" completion --help
    prints "$wanted" completion -h
}

@test "--help counts even if operands are missing or wrong" {
    tool create nothing --help
    same 0 "$status"
    nothing "$stderr"
    same "usage: fatelf-amd64 create -o FILE [OPTION]... [LEVEL=]BUILD..." "${output%%$'\n'*}"
}

@test "--version prints the name and the version in the Makefile" {
    prints "fatelf-amd64 $(sed -n 's/^VERSION := //p' "$TOP/Makefile")" --version
}

@test "no command is a usage error" {
    refuses 2 "no command; see 'fatelf-amd64 --help'"
}

@test "an unknown command is a usage error that names it" {
    refuses 2 "unknown command 'bundle'; see 'fatelf-amd64 --help'" bundle
    refuses 2 "unknown command ''; see 'fatelf-amd64 --help'" ""
    refuses 2 "unknown command '--verbose'; see 'fatelf-amd64 --help'" --verbose
}

@test "an unknown option is a usage error that names it and the command's help, in every command" {
    for command in create list extract verify cpu check completion; do
        refuses 2 "$command: unknown option '--bogus'; see 'fatelf-amd64 $command --help'" "$command" --bogus
        refuses 2 "$command: unknown option '-x'; see 'fatelf-amd64 $command --help'" "$command" -x
        refuses 2 "$command: unknown option '-x'; see 'fatelf-amd64 $command --help'" "$command" operand -x
    done
}

@test "an unknown letter among known ones is named, not the word that it is in" {
    refuses 2 "create: unknown option '-x'; see 'fatelf-amd64 create --help'" create -qx
    refuses 2 "create: unknown option '-x'; see 'fatelf-amd64 create --help'" create operand -xq
}

@test "an option without its value is a usage error that names it" {
    for option in -o --output --launch --compress -j --jobs --stub; do
        refuses 2 "create: option '$option' needs a value; see 'fatelf-amd64 create --help'" create "$option"
    done
    for option in -o --output; do
        refuses 2 "extract: option '$option' needs a value; see 'fatelf-amd64 extract --help'" extract "$option"
    done
    refuses 2 "verify: option '--has' needs a value; see 'fatelf-amd64 verify --help'" verify --has
    refuses 2 "create: option '-o' needs a value; see 'fatelf-amd64 create --help'" create -qo
}

@test "a value for an option that takes none is a usage error that says so" {
    refuses 2 "list: option '--json' takes no value; see 'fatelf-amd64 list --help'" list --json=3 bundle
    refuses 2 "create: option '--quiet' takes no value; see 'fatelf-amd64 create --help'" create --quiet=yes -o out
}

@test "wrong numbers of operands are usage errors" {
    refuses 2 "create: no output; name it with -o FILE; see 'fatelf-amd64 create --help'" create
    refuses 2 "create: no output; name it with -o FILE; see 'fatelf-amd64 create --help'" create "$FIXTURES/level.v1"
    refuses 2 "create: no builds to join; give one to four; see 'fatelf-amd64 create --help'" create -o out
    refuses 2 "list: give one bundle; see 'fatelf-amd64 list --help'" list
    refuses 2 "list: give one bundle; see 'fatelf-amd64 list --help'" list a b
    refuses 2 "extract: give a bundle, and v1, v2, v3, v4, best or all; see 'fatelf-amd64 extract --help'" extract
    refuses 2 "extract: give a bundle, and v1, v2, v3, v4, best or all; see 'fatelf-amd64 extract --help'" extract a
    refuses 2 "extract: give a bundle, and v1, v2, v3, v4, best or all; see 'fatelf-amd64 extract --help'" \
        extract a v1 v2
    refuses 2 "verify: give one bundle; see 'fatelf-amd64 verify --help'" verify
    refuses 2 "verify: give one bundle; see 'fatelf-amd64 verify --help'" verify a b
    refuses 2 "cpu: takes no argument; see 'fatelf-amd64 cpu --help'" cpu a
}

# /dev/full fails as a full disk does: the command must not report success.
@test "output that cannot be written gives status 1 and a message, in every command that prints" {
    "$TOOL" create -q -o bundle "$FIXTURES"/level.v[1-4]
    for command in --help --version "create --help" "list bundle" "list --json bundle" "verify bundle" cpu \
        "cpu --json" "completion bash" "completion zsh" "completion fish"; do
        # shellcheck disable=SC2086 # words on purpose
        run "$BASH" -c 'exec "$@" 2>&1 >/dev/full' - "$TOOL" $command
        same "$command: fatelf-amd64: standard output: No space left on device" "$command: $output"
        same "$command: 1" "$command: $status"
    done
    run "$BASH" -c 'exec "$@" 2>&1 >/dev/full' - "$TOOL" extract bundle v2 -o -
    same "fatelf-amd64: standard output: cannot be written: No space left on device" "$output"
    same 1 "$status"
}

@test "a closed standard output gives status 1 and a message" {
    "$TOOL" create -q -o bundle "$FIXTURES/level.v1"
    run "$BASH" -c 'exec "$@" 2>&1 >&-' - "$TOOL" list bundle
    same "fatelf-amd64: standard output: Bad file descriptor" "$output"
    same 1 "$status"
}
