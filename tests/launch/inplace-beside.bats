# SPDX-License-Identifier: MIT
# Programs that look for their files, or for themselves, beside the file that was started. After a start in place that
# is the bundle; a memfd lies beside nothing.
load ../lib/common
load ../lib/inplace

# make_app COMPILER: app.c, which prints what a library says that it is linked with, and one that it opens; both are in
# app/lib
make_app() {
    mkdir -p app/bin app/lib
    echo 'const char *say(void) { return "from the library"; }' >library.c
    echo 'const char *more(void) { return "from the plugin"; }' >plugin.c
    cat >app.c <<'C'
#include <dlfcn.h>
#include <stdio.h>
const char *say(void);
int main(int argc, char **argv)
{
    void *plugin = dlopen("libplugin.so", RTLD_NOW);
    const char *(*more)(void) = plugin ? (const char *(*)(void))dlsym(plugin, "more") : NULL;
    void *other = dlopen("$ORIGIN/../lib/libplugin.so", RTLD_NOW);
    printf("%s, %s, %d, %s\n", say(), more ? more() : dlerror(), other != NULL, argc > 1 ? argv[1] : "");
    return 0;
}
C
    "$@" -shared -fPIC -o app/lib/libown.so library.c
    "$@" -shared -fPIC -o app/lib/libplugin.so plugin.c
}

@test "a library beside the program is found through \$ORIGIN, however the program is started" {
    local tags
    make_app gcc
    mkdir elsewhere links
    ln -s ../app/bin/app links/app
    ln -s ../links links/again
    for tags in --enable-new-dtags --disable-new-dtags; do
        gcc -o app.built app.c -Lapp/lib -lown -ldl -Wl,"$tags",-rpath,'$ORIGIN/../lib'
        mv app.built app.program
        mkdir -p kinds && (cd kinds && cp ../app.program app && make_kinds app)
        KINDS=kinds AT=app/bin
        compare_kinds app path
        grep -Fxq 'from the library, from the plugin, 1, path' stored.out
        PREFIX=(env "PATH=app/bin:$PATH")
        START=app compare_kinds app through-PATH
        PREFIX=(env "PATH=$PWD/links:$PATH")
        START=app compare_kinds app through-PATH-and-link
        PREFIX=(env -C elsewhere)
        START=../app/bin/app compare_kinds app elsewhere
        PREFIX=(env -C app/bin)
        START=./app compare_kinds app here
        PREFIX=("$FIXTURES/exec-with" close=20 --)
        compare_kinds app other-name
        grep -Fxq 'from the library, from the plugin, 1, ' stored.out
        PREFIX=()
        START=links/again/app compare_kinds app links
    done
    # from a memfd it is not found
    LAUNCH=memfd run_kind stored app
    grep -q 'libown.so: cannot open shared object file' stored.err
}

@test "musl's loader finds a library beside the program through \$ORIGIN too" {
    need musl-gcc
    make_app musl-gcc
    musl-gcc -o app.program app.c -Lapp/lib -lown '-Wl,-rpath,$ORIGIN/../lib'
    mkdir kinds && (cd kinds && cp ../app.program app && make_kinds app)
    KINDS=kinds AT=app/bin
    compare_kinds app path
    grep -q '^from the library, from the plugin, ' stored.out
}

# build_again: the fixture `again`, for two levels, as again.v1 and again.v2, and bundles of both
build_again() {
    local level
    need_level 2
    for level in 1 2; do
        "${COMPILE[@]}" -DLEVEL=$level -o "again.v$level" "$SOURCES/again.c"
    done
    mkdir native stored zstd
    "$TOOL" create --launch inplace -o stored/again again.v1 again.v2
    "$TOOL" create -o zstd/again again.v1 again.v2
}

# compare_again LEVEL STARTS ARGUMENT..: compare_kinds for a program that starts this many times, each time at this
# level and in place
compare_again() {
    local level=$1 kind
    STARTS=$2
    shift 2
    PREFIX=(env "FATELF_AMD64=v$level")
    cp -f "again.v$level" native/again
    compare_kinds again "$@"
    [ "$(cat stored.status)" = 0 ]
    for kind in stored zstd; do
        [ "$(grep -c "starting v$level by inplace," "$kind.log")" = "$STARTS" ]
    done
}

@test "a program that execs /proc/self/exe under another name is started again, at the same level" {
    local level
    build_again
    for level in 1 2; do
        compare_again $level 2 applet
        grep -Fxq "applet's own: v$level, argv[0] applet, exe $PWD/again" stored.out
    done
}

@test "a program that execs the path in the link /proc/self/exe is started again, at the same level" {
    local level
    build_again
    for level in 1 2; do
        compare_again $level 2 path
        grep -Fxq "second: v$level, argv[0] ./again, exe $PWD/again" stored.out
    done
    LAUNCH=memfd run_kind stored again path
    [ "$(cat stored.status)" = 1 ]
}

@test "a program that execs a sealed copy of itself, as runc does, starts in place from that copy" {
    build_again
    compare_again 1 2 sealed kept
    grep -Fxq 'sealed: v1, argv[0] ./again, exe /memfd:clone (deleted)' stored.out
    grep -Fxq 'sealed: argument kept' stored.out
}

@test "a program that traces its child sees one exec, and can read and write its child's memory" {
    build_again
    compare_again 1 2 traced
    [ "$(grep -c 'stopped by signal 5' stored.out)" = 1 ]
    compare_again 2 1 attached
    grep -Fxq 'child: 22' stored.out
}

@test "Go and Rust programs know the path of their file, through a link too" {
    need go rustc
    rustc --version >rustc.out 2>&1 || skip "rustc is there, but without a tool chain"
    mkdir go folder
    cat >go/main.go <<'GO'
package main

import "os"

func main() {
	path, err := os.Executable()
	println(path, err == nil)
}
GO
    echo 'module where' >go/go.mod
    (cd go && CGO_ENABLED=0 go build -o ../in-go .) || skip "this Go cannot build a program here"
    echo 'fn main() { println!("{:?}", std::env::current_exe().unwrap()) }' >in-rust.rs
    rustc -O in-rust.rs
    ln -s "$PWD/in-go" "$PWD/in-rust" folder
    make_kinds in-go
    make_kinds in-rust
    START=folder/in-go compare_kinds in-go
    grep -Fxq "$PWD/in-go true" stored.err
    START=folder/in-rust compare_kinds in-rust
    grep -Fxq "\"$PWD/in-rust\"" stored.out
}

@test "perl's \$^X is the bundle, and can be started" {
    local perl
    perl=$(find_program perl)
    [ -n "$perl" ] || skip "perl is not installed"
    make_kinds "$perl"
    compare_kinds "${perl##*/}" -e 'print "$^X\n"'
    grep -Fxq "$PWD/${perl##*/}" stored.out
    STARTS=2
    compare_kinds "${perl##*/}" -e 'exec $^X, "-e", "print qq(again\n)"'
    grep -Fxq again stored.out
}

@test "bash's \$BASH is the bundle" {
    mkdir original
    cp "$BASH" original/bash
    make_kinds original/bash
    AT=$PWD compare_kinds bash -c 'echo "$BASH $0"'
    grep -Fxq "$PWD/bash $PWD/bash" stored.out
}

@test "python3 finds its library beside itself, and the folder of a virtual environment" {
    local python name version library
    python=$(find_program python3)
    [ -n "$python" ] || skip "python3 is not installed"
    name=$(basename "$python")
    version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    library=$("$python" -c 'import os; print(os.path.dirname(os.__file__))')
    mkdir -p tree/bin tree/lib venv/bin
    ln -s "$library" "tree/lib/$version"
    make_kinds "$python"
    AT=tree/bin
    compare_kinds "$name" -S -c '
import sys, json
print(sys.prefix, sys.exec_prefix, sys.executable, json.__file__)'
    grep -Fq "$PWD/tree $PWD/tree $PWD/tree/bin/$name $PWD/tree/lib/$version/json" stored.out
    PREFIX=(env "PATH=$PWD/tree/bin:$PATH")
    START=$name compare_kinds "$name" -S -c 'import sys; print(sys.executable)'
    grep -Fxq "$PWD/tree/bin/$name" stored.out
    AT=venv/bin PREFIX=()
    printf 'home = %s\ninclude-system-site-packages = false\n' "$PWD/tree/bin" >venv/pyvenv.cfg
    cp --remove-destination native/"$name" tree/bin/"$name"
    compare_kinds "$name" -c 'import sys, json; print(sys.prefix != sys.base_prefix, sys.prefix, sys.base_prefix)'
    grep -Fxq "True $PWD/venv $PWD/tree" stored.out
}

@test "node's process.execPath is the bundle, and starts a child process" {
    local node kind
    node=$(find_program node)
    [ -n "$node" ] || skip "node is not installed, or is a script here"
    # only stored, because it takes long to decode 100 MB
    mkdir native stored
    cp "$node" native/node
    "$TOOL" create -q --launch inplace -o stored/node "v1=$node"
    for kind in native stored; do
        run_kind "$kind" node -e '
            console.log(process.execPath, process.argv0)
            console.log(require("child_process").execFileSync(process.execPath, ["-p", "6 * 7"],
                { env: {}, encoding: "utf8" }))'
    done
    started_in_place stored
    as_native stored
    grep -Fxq "$PWD/node ./node" stored.out
    grep -Fxq 42 stored.out
}

@test "java finds its libraries and its home in the tree that it is part of" {
    local java home name
    java=$(find_program java)
    [ -n "$java" ] || skip "java is not installed"
    home=${java%/bin/java}
    [ -e "$home/lib/jvm.cfg" ] || skip "java is not part of a JDK's tree here"
    mkdir -p jdk/bin
    for name in "$home"/*; do
        [ "${name##*/}" = bin ] || [ "${name##*/}" = lib ] || ln -s "$name" jdk
    done
    # java finds its home by the real path of libjvm.so
    cp -rs "$home/lib" jdk/lib
    cp --remove-destination "$home/lib/server/libjvm.so" jdk/lib/server/
    make_kinds "$java"
    AT=jdk/bin
    compare_kinds java -Xshare:auto -Xint -XshowSettings:properties -version
    grep -Fq "java.home = $PWD/jdk" stored.err
    # from a memfd it does not even find its first library
    LAUNCH=memfd run_kind stored java -version
    [ "$(cat stored.status)" = 127 ]
}
