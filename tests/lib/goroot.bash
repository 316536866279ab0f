# SPDX-License-Identifier: MIT
# A Go installation with another compiler.

# make_goroot COMPILER: ./goroot, which is the real Go installation with this file as its compiler
make_goroot() {
    local real tools entry
    real=$(go env GOROOT)
    tools=$(go env GOTOOLDIR)
    rm -rf goroot
    mkdir -p "goroot/${tools#"$real"/}"
    for entry in "$real"/*; do
        [ -e "goroot/${entry##*/}" ] || ln -s "$entry" goroot/
    done
    for entry in "$real"/pkg/*; do
        [ -e "goroot/pkg/${entry##*/}" ] || ln -s "$entry" goroot/pkg/
    done
    ln -s "$tools"/* "goroot/${tools#"$real"/}/"
    ln -sf "$1" "goroot/${tools#"$real"/}/compile"
}

# with_goroot COMMAND..: uses ./goroot, and a cache of its own, so that no object of another compiler is used
with_goroot() {
    GOROOT=$PWD/goroot GOCACHE=$PWD/cache GOFLAGS='' GOTOOLCHAIN=local "$@"
}
