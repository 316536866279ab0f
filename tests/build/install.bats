# SPDX-License-Identifier: MIT
# make install and uninstall, and how an installed tool finds its stub.
load ../lib/common
load ../lib/make
load ../lib/shells
load ../lib/surroundings
load ../lib/users

install_with() {
    plain_make DESTDIR="$PWD/root" "$@" install
}

# The tool makes a bundle, so it has found its stub; the bundle runs.
works() {
    "$1" create -q --force -o out "$FIXTURES/level.v1"
    [ "$(./out)" = v1 ]
}

# As `make` was not told where the files would be installed.
@test "an installed tool finds its stub, whatever make install was told" {
    install_with
    works root/usr/local/bin/fatelf-amd64
    install_with PREFIX=/usr
    works root/usr/bin/fatelf-amd64
    install_with PREFIX=/second libexecdir=/second/lib
    [ -e root/second/lib/fatelf-amd64/fatelf-amd64-stub ]
    works root/second/bin/fatelf-amd64
    install_with prefix=/third exec_prefix=/fourth bindir=/fourth/sbin
    works root/fourth/sbin/fatelf-amd64
    install_with PREFIX="/a b"
    works "root/a b/bin/fatelf-amd64"
}

@test "a tool that is started through a symbolic link finds its stub" {
    install_with
    ln -s root/usr/local/bin/fatelf-amd64 link
    works ./link
    mkdir bin
    ln -s ../link bin/fatelf-amd64
    PATH=$PWD/bin:$PATH works fatelf-amd64
}

@test "an installation can be moved as a whole" {
    install_with PREFIX=/usr libexecdir=/usr/lib
    mv root/usr elsewhere
    works elsewhere/bin/fatelf-amd64
}

@test "a tool finds its stub without /proc" {
    need_mounts
    install_with
    in_mount_namespace bash -c 'mount -t tmpfs none /proc
        cd root/usr/local/bin && PATH=.:$PATH && exec -a tool fatelf-amd64 create -q -o "$1/out" "$2"' - "$PWD" \
        "$FIXTURES/level.v1"
    [ "$(./out)" = v1 ]
}

@test "a tool that is a bundle finds its stub, however it was started" {
    install_with
    local refused env bin=$PWD/root/usr/local/bin
    env=$(type -P env)
    "$TOOL" create -q --allow-different -o bundle v1="$TOOL"
    mv bundle "$bin/fatelf-amd64"
    for refused in none=0 "$no_new_code" "$only_files"; do
        if [ "$refused" = none=0 ]; then PREFIX=(); else PREFIX=(sandboxed "$refused"); fi
        "${PREFIX[@]}" "$bin/fatelf-amd64" create -q --force -o out "$FIXTURES/level.v1"
        "${PREFIX[@]}" "$env" PATH="/nonexistent:$bin:$PATH" fatelf-amd64 create -q --force -o out "$FIXTURES/level.v1"
        (cd "$bin" && PATH=:$PATH && "${PREFIX[@]}" "$env" fatelf-amd64 create -q --force -o out "$FIXTURES/level.v1")
        (cd "$bin/.." && "${PREFIX[@]}" bin/fatelf-amd64 create -q --force -o out "$FIXTURES/level.v1")
    done
}

@test "a tool without a stub says where it looked and what to do" {
    mkdir -p some/bin
    cp "$TOOL" some/bin
    run ! some/bin/fatelf-amd64 create -o out "$FIXTURES/level.v1"
    echo "$output"
    [ "$status" = 1 ]
    local places=("some/bin" "some/libexec/fatelf-amd64" "some/lib/fatelf-amd64")
    printf -v searched "$PWD/%s/fatelf-amd64-stub, " "${places[@]}"
    [[ $output == "fatelf-amd64: no launcher stub found; searched $searched"/*"/fatelf-amd64-stub; name one with --stub"* ]]
    [[ $output == *"; name one with --stub" ]]
    [ ! -e out ]
}

@test "files go where GNU's variables say, by the commands that they say" {
    install_with prefix=/p bindir=/b libexecdir=/l datadir=/d mandir=/m rpmdir=/r INSTALL="install -p" \
        INSTALL_DATA="install -m 600"
    (cd root && find . -type f | LC_ALL=C sort) >got
    diff - got <<'END'
./b/dh_fatelf_amd64
./b/fatelf-amd64
./d/bash-completion/completions/fatelf-amd64
./d/fatelf-amd64/fatelf-amd64-gdb.py
./d/fatelf-amd64/fatelf_amd64.py
./d/fish/vendor_completions.d/fatelf-amd64.fish
./d/licenses/fatelf-amd64/LICENSE
./d/makepkg/tidy/zz-fatelf-amd64.sh
./d/perl5/Debian/Debhelper/Sequence/fatelf_amd64.pm
./d/pkgconfig/fatelf-amd64.pc
./d/zsh/site-functions/_fatelf-amd64
./l/fatelf-amd64/fatelf-amd64-stub
./m/man1/cargo-fatelf.1
./m/man1/dh_fatelf_amd64.1
./m/man1/fatelf-amd64.1
./m/man1/fatelf-go.1
./m/man5/fatelf-amd64.5
./m/man7/fatelf-amd64.7
./r/fatelf-amd64/brp-fatelf-amd64-join
./r/macros.d/macros.fatelf-amd64
END
    [ "$(stat -c %a root/b/fatelf-amd64 root/l/fatelf-amd64/fatelf-amd64-stub root/m/man1/fatelf-amd64.1 |
        paste -sd ' ')" = "755 755 600" ]
    same "$(stat -c %Y "$TOOL")" "$(stat -c %Y root/b/fatelf-amd64)" # install -p
    cmp root/l/fatelf-amd64/fatelf-amd64-stub "$BUILD/fatelf-amd64-stub"
}

@test "pkg-config names the installed tool and stub, and their licenses" {
    need pkg-config
    install_with PREFIX=/usr libexecdir=/lib bindir=/usr/sbin
    export PKG_CONFIG_PATH=$PWD/root/usr/share/pkgconfig
    pkg-config --validate fatelf-amd64
    same "fatelf-amd64 $(pkg-config --modversion fatelf-amd64)" "$("$TOOL" --version)"
    same /usr/sbin/fatelf-amd64 "$(pkg-config --variable=tool fatelf-amd64)"
    same /lib/fatelf-amd64/fatelf-amd64-stub "$(pkg-config --variable=stub fatelf-amd64)"
    same root/usr "$(pkg-config --define-variable=prefix=root/usr --variable=prefix fatelf-amd64)"
    same root/usr/sbin/fatelf-amd64 "$(pkg-config --define-variable=prefix=root/usr --variable=tool fatelf-amd64)"
    license=$(pkg-config --variable=stub_license fatelf-amd64)
    [[ $license == "MIT AND BSD-2-Clause AND BSD-3-Clause"* ]]
}

@test "make install does not compile again when other settings than make's are given" {
    run -0 plain_make -n CFLAGS=-O0 CPPFLAGS=-DOTHER HARDENING=no DESTDIR="$PWD/root" install
    [[ $output != *" -c "* && $output == *"/usr/local/bin/fatelf-amd64"* ]]
}

# completes_after_install SHELL COMMAND: the shell finds the completion by its own means, after this command
completes_after_install() {
    local shell=$1
    mkdir "$SHELLS"
    install_with PREFIX=/usr
    PATH=$PWD/root/usr/bin:$PATH
    LOAD=$2 XDG_DATA_DIRS=$PWD/root/usr/share:/usr/share offers "$shell" "fatelf-amd64 verif" >offered
    same verify "$(<offered)"
}

@test "bash finds the installed completion" {
    skip_unless "bash-completion is not installed" test -e /usr/share/bash-completion/bash_completion
    completes_after_install bash ". /usr/share/bash-completion/bash_completion"
}

@test "zsh finds the installed completion" {
    need zsh
    completes_after_install zsh "fpath=($PWD/root/usr/share/zsh/site-functions \$fpath)"
}

@test "fish finds the installed completion" {
    need fish
    completes_after_install fish true
}

@test "uninstall removes what install installed, and nothing else" {
    install_with PREFIX=/usr libexecdir=/usr/lib mandir=/man
    touch root/usr/bin/other root/usr/lib/other
    plain_make DESTDIR="$PWD/root" PREFIX=/usr libexecdir=/usr/lib mandir=/man uninstall
    [ "$(find root -type f | LC_ALL=C sort | paste -sd ' ')" = "root/usr/bin/other root/usr/lib/other" ]
    [ ! -e root/usr/lib/fatelf-amd64 ]
}
