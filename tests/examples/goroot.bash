# SPDX-License-Identifier: MIT
# A Go installation in ./goroot whose compiler is the file $1; the rest is the real one's.
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

# with_goroot COMMAND..: with the Go installation in ./goroot, and nothing that another compiler has left
with_goroot() {
    GOROOT=$PWD/goroot GOCACHE=$PWD/cache GOFLAGS= GOTOOLCHAIN=local "$@"
}
