# SPDX-License-Identifier: MIT
# fatelf-go and cargo-fatelf: called in place of go and cargo, they make bundles of what these would make.
load ../lib/common
load ../lib/tool

setup() {
    start_test
    unset CFLAGS CXXFLAGS FFLAGS RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_TARGET_DIR CARGO_BUILD_TARGET FATELF_FLAGS
    unset GOFLAGS GOOS GOARCH
}

# go_module: a module with two programs and a package that is none
go_module() {
    need go
    printf 'module example.com/m\n\ngo 1.18\n' >go.mod
    mkdir -p cmd/one cmd/two lib
    printf 'package main\n\nfunc main() { println("one") }\n' >cmd/one/main.go
    printf 'package main\n\nfunc main() { println("two") }\n' >cmd/two/main.go
    printf 'package lib\n\nfunc F() {}\n' >lib/lib.go
    export FATELF_FLAGS='-q -l v1,v3'
}

# standin NAME ARGUMENT..: as `tool`, but under this name
standin() {
    local name=$1 TOOL=$BUILD/$1
    shift
    tool "$@"
}

# is_bundle FILE LEVEL..
is_bundle() {
    local file=$1
    shift
    same "$*" "$(levels "$file")"
}

@test "fatelf-go build makes a bundle where go would put its program" {
    go_module
    standin fatelf-go build ./cmd/one
    same "0  " "$status $output $stderr"
    is_bundle one v1 v3
    same one "$(./one 2>&1)"
    standin fatelf-go build -trimpath -ldflags '-s -w' -o new/place/prog ./cmd/two
    is_bundle new/place/prog v1 v3
    same two "$(./new/place/prog 2>&1)"
    standin fatelf-go build -o=dir/ ./...
    same "one two" "$(ls dir | paste -sd ' ')"
    is_bundle dir/one v1 v3
    standin fatelf-go build -o dir -tags x -- ./cmd/two
    is_bundle dir/two v1 v3
    standin fatelf-go build -C cmd -o ../dir/three ./one
    is_bundle dir/three v1 v3
    cd cmd/two
    standin fatelf-go build
    is_bundle two v1 v3
    cd ../..
    same "cmd dir go.mod lib new one" "$(ls -A | paste -sd ' ')"
}

@test "fatelf-go leaves to go what makes no program for linux/amd64" {
    go_module
    same "$(go version)" "$("$BUILD/fatelf-go" version)"
    same "$(go env GOROOT)" "$("$BUILD/fatelf-go" env GOROOT)"
    standin fatelf-go build ./...
    same "0  " "$status $output $stderr"
    GOARCH=arm64 standin fatelf-go build -o arm ./cmd/one
    finds 'Machine: *AArch64' <<<"$(readelf -h arm)"
    standin fatelf-go build -o lib.a ./lib
    same '!<arch>' "$(head -n 1 lib.a)"
    standin fatelf-go build -o /dev/null ./cmd/one
    same 0 "$status"
    standin fatelf-go build -n -o printed ./cmd/one
    same 0 "$status"
    [ ! -e printed ]
    GOFLAGS=-buildmode=pie standin fatelf-go build -o pie ./cmd/one
    is_bundle pie v1 v3
    GOFLAGS=-buildmode=c-archive standin fatelf-go build -o one.a ./cmd/one
    same '!<arch>' "$(head -n 1 one.a)"
    same "arm cmd go.mod lib lib.a one.a pie" "$(ls -A | paste -sd ' ')"
    standin fatelf-go run ./cmd/one
    same one "$stderr"
}

@test "fatelf-go reports errors as go does, with its exit status, and nothing is left" {
    go_module
    echo x >>cmd/two/main.go
    for arguments in "-o out ./cmd/two" "-o out ./cmd/one ./cmd/two" "-bogus" "./nowhere" "-C nowhere ."; do
        # shellcheck disable=SC2086 # words
        run go build $arguments
        wanted=$status:$output
        # shellcheck disable=SC2086 # words
        run "$BUILD/fatelf-go" build $arguments
        same "$wanted" "$status:$output"
    done
    same "cmd go.mod lib" "$(ls -A | paste -sd ' ')"
    echo text >out
    standin fatelf-go build -o out ./cmd/one
    same "1 fatelf-amd64: out: exists and is no program; name another output" "$status $stderr"
    same text "$(<out)"
}

@test "a Go program's version control state is that of the user's files" {
    go_module
    need git
    git init -q .
    git add .
    git -c user.name=n -c user.email=e@example.com commit -q -m m
    "$BUILD/fatelf-go" build -buildvcs=true ./cmd/one
    for level in v1 v3; do
        "$TOOL" extract -q -o "build.$level" one "$level"
        finds 'vcs.modified=false' <<<"$(go version -m "build.$level")"
    done
}

@test "GOAMD64 is the lowest level, unless FATELF_FLAGS names the levels" {
    go_module
    GOAMD64=v3 FATELF_FLAGS=-q "$BUILD/fatelf-go" build ./cmd/one
    is_bundle one v3 v4
    GOAMD64=v3 FATELF_FLAGS='-q -l v1,v2 --launch inplace' "$BUILD/fatelf-go" build ./cmd/one
    is_bundle one v1 v2
    finds 'launch inplace' <<<"$("$TOOL" list one)"
}

@test "fatelf-go can itself be called go, and FATELF_GO names the real one" {
    go_module
    mkdir bin
    ln -s "$BUILD/fatelf-go" bin/go
    mkdir other
    printf '#!/bin/sh\necho called with "$@"\n' >other/go
    chmod +x other/go
    PATH=$PWD/bin:$PATH standin fatelf-go version
    same "$(go version)" "$output"
    FATELF_GO=$PWD/other/go standin fatelf-go version
    same "called with version" "$output"
}

@test "wrong words in FATELF_FLAGS are usage errors" {
    go_module
    for flags in "--lanch:unknown option '--lanch'" "v1:unknown word 'v1'" "-l v1 --base v3:--base v3: not among the levels" \
        "-o x:unknown option '-o'"; do
        FATELF_FLAGS=${flags%%:*} standin fatelf-go build ./cmd/one
        same "2 fatelf-amd64: FATELF_FLAGS: ${flags#*:}; see 'fatelf-amd64 build --help'" "$status $stderr"
    done
    same "cmd go.mod lib" "$(ls -A | paste -sd ' ')"
}

# cargo_package: a package with two programs and a build script; cargo finds cargo-fatelf
cargo_package() {
    need cargo
    cargo init -q --vcs none --name one package 2>/dev/null || skip "cargo does not work here"
    cd package
    mkdir src/bin
    echo 'fn main() { println!("two"); }' >src/bin/two.rs
    echo 'fn main() { println!("cargo:rustc-env=SCRIPT={}", std::env::var("TARGET").unwrap()); }' >build.rs
    export FATELF_FLAGS='-q -l v1,v3' PATH=$BUILD:$PATH CARGO_NET_OFFLINE=true
}

@test "cargo fatelf build makes bundles where cargo build would put its programs" {
    cargo_package
    run -0 cargo fatelf build --release
    finds '^v3: .*Finished' <<<"$output"
    same "one two" "$(ls target/release | paste -sd ' ')"
    is_bundle target/release/one v1 v3
    same two "$(target/release/two)"
    run -0 cargo fatelf b --bin two --target-dir elsewhere
    same two "$(ls elsewhere/debug)"
    host=$(cargo -vV | sed -n 's/^host: //p')
    run -0 cargo fatelf build --bin one "--target=$host" --target-dir=third
    is_bundle "third/$host/debug/one" v1 v3
    mkdir below
    cd below
    CARGO_TARGET_DIR=../fourth run -0 cargo fatelf build --bin one --manifest-path ../Cargo.toml
    is_bundle ../fourth/debug/one v1 v3
}

@test "cargo's flags for the levels reach the program, not its build script; flags of the configuration stay" {
    cargo_package
    # shellcheck disable=SC2016 # for sh
    printf '#!/bin/sh\necho "$@" >>"$LOG"\nexec "$@"\n' >wrapper
    chmod +x wrapper
    mkdir .cargo
    printf '[build]\nrustflags = ["-C", "link-arg=-Wl,-z,now"]\n' >.cargo/config.toml
    LOG=$PWD/log RUSTC_WRAPPER=$PWD/wrapper run -0 cargo fatelf build --bin one
    same 2 "$(grep -c -- '--crate-name one .*-Wl,-z,now.*target-cpu=x86-64' log)"
    run -1 grep -- '--crate-name build_script_build.*target-cpu' log
    printf '[target."cfg(unix)"]\nrustflags = ["-g"]\n' >.cargo/config.toml
    FATELF_FLAGS='-l v1' run -0 cargo fatelf build --bin one
    finds "warning: cargo's configuration has rustflags for cfg(unix); the builds are made without them" <<<"$output"
}

@test "cargo fatelf leaves other commands to cargo, and has cargo's exit status" {
    cargo_package
    same "$(cargo --version)" "$(cargo fatelf --version)"
    finds '^usage: cargo fatelf build' <<<"$(cargo fatelf --help)"
    finds '^usage: cargo fatelf build' <<<"$(cargo fatelf)"
    echo 'fn main() {' >src/main.rs
    run -101 cargo fatelf build
    finds '^v1: error: ' <<<"$output"
    [ ! -e target/debug ]
}
