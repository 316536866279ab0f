# SPDX-License-Identifier: MIT
# The rpm macros: at the end of %install, builds become bundles, and their debug information goes where rpm expects it.
load ../lib/common
load ../lib/rpm
load ../lib/tool

setup() {
    start_test
    need_debug_packages
    export PATH=$BUILD:$PATH
    { cat "$LEVEL_SOURCE" && echo '__attribute__((used)) static const char name[] = NAME;'; } >level.c
}

# spec JOIN [LEVEL]..: prog.spec, with programs of the same name in the packages prog and prog-extra
spec() {
    local join=$1
    shift
    cat >prog.spec <<END
Name: prog
Version: 1
Release: 1
Summary: A program for several levels
License: MIT
%global fatelf_amd64_levels $*
%{!?without_debug:%debug_package}

%description
A bundle.

%package extra
Summary: Another program

%description extra
Another bundle.

%prep
%setup -q -c -T
cp %{_sourcedir}/level.c .

%build
for level in %{fatelf_amd64_levels}; do
    for name in prog extra; do
        ${CC:-cc} -g -O2 -march=%{fatelf_amd64_march \$level} -DLEVEL=\${level#v} -DNAME="\"\$name\"" -o \$name.\$level level.c
    done
done

%install
mkdir -p %{buildroot}%{_bindir}
cp -p *.v? %{buildroot}%{_bindir}
$join
cd /

%files
%{_bindir}/prog*

%files extra
%{_bindir}/extra*
END
}

# build_rpm STATUS: STATUS is an option of `run`, $options are those of rpmbuild. The output is in `log`.
build_rpm() {
    run "$@" env HOME="$PWD" rpmbuild -bb --nodeps "${RPM_MACROS[@]}" --define "_topdir $PWD/top" \
        --define "_sourcedir $PWD" "${options[@]}" prog.spec
    echo "$output" | tee log
}

# makes OPTION..: the packages are built without a warning, and unpacked into ./root
makes() {
    local options=("$@")
    rm -rf top root
    build_rpm -0
    run -1 grep -i warning log
    unpack root top/RPMS/*/*.rpm
    no_dangling root
}

@test "the debug packages have the debug information of all builds, however rpm links build-ids" {
    local links
    spec %fatelf_amd64_join v1 v2 v3
    for links in compat separate alldebug; do
        makes --define "_build_id_links $links" --define "_debuginfo_subpackages %{nil}"
        has_debug root/usr/bin/prog root main v1 v2 v3
        has_debug root/usr/bin/extra root main v1 v2 v3
        if [ "$links" = compat ]; then
            has_builds root/usr/bin/prog root v1 v2 v3
        fi
    done
    same "extra prog" "$(ls root/usr/bin | paste -sd ' ')"
    same "v1 v2 v3" "$(levels root/usr/bin/prog)"
    finds "launch inplace" <<<"$("$TOOL" list root/usr/bin/prog)"
    same v1 "$(FATELF_AMD64=v1 root/usr/bin/prog)"
}

@test "each package has a debug package of its own, also if dwz moves what builds have in common" {
    need dwz
    spec %fatelf_amd64_join v1 v3
    makes --define "_build_id_links compat" --define "_debuginfo_subpackages 1" \
        --define "_find_debuginfo_dwz_opts --run-dwz --dwz-low-mem-die-limit 10000000"
    for file in root/usr/lib/debug/usr/bin/prog-1-1.*.debug/v[13]; do
        alternative=$(readelf -p .gnu_debugaltlink "$file" | sed -n 's,^ *\[ *0\]  ,,p')
        [[ $alternative == ../* && -f ${file%/*}/$alternative ]] || fail "$file: no file $alternative"
    done
    has_debug root/usr/bin/prog root main v1 v3
    has_builds root/usr/bin/extra root v1 v3
    rm -r root
    unpack root top/RPMS/*/prog-1-1.*.rpm top/RPMS/*/prog-debuginfo-*.rpm
    has_builds root/usr/bin/prog root v1 v3
    unpack extra top/RPMS/*/prog-extra-1-1.*.rpm top/RPMS/*/prog-extra-debuginfo-*.rpm
    has_builds extra/usr/bin/extra extra v1 v3
    run -1 grep extra <<<"$(find root)"
}

@test "rpm -e of the debug package leaves no directory" {
    skip_unless "needs root: rpm --root" chroot / true
    spec %fatelf_amd64_join v1 v3
    makes --define "_build_id_links compat"
    local rpm=(rpm --root "$PWD/installed" --dbpath /rpmdb)
    "${rpm[@]}" --nodeps -i top/RPMS/*/prog-debuginfo-*.rpm
    has_builds root/usr/bin/prog installed v1 v3
    "${rpm[@]}" -e prog-debuginfo
    [ ! -e installed/usr/lib/debug ]
}

@test "without debug packages, the builds in the bundle are stripped" {
    spec %fatelf_amd64_join v1 v3
    makes --define "without_debug 1"
    "$TOOL" extract -q -o build root/usr/bin/prog v3
    run -1 grep debug_info <<<"$(readelf -SW build)"
}

@test "arguments are options of join; one level is left alone; other files named so are not touched" {
    spec '%fatelf_amd64_join --launch memfd
printf "text\n" >%{buildroot}%{_bindir}/prog.txt.v1
rm %{buildroot}%{_bindir}/extra.v3' v1 v3
    makes
    finds "launch memfd" <<<"$("$TOOL" list root/usr/bin/prog)"
    same text "$(<root/usr/bin/prog.txt.v1)"
    same "extra.v1 prog prog.txt.v1" "$(ls root/usr/bin | paste -sd ' ')"
    same v1 "$(root/usr/bin/extra.v1)"
}

@test "if builds cannot be joined, the package is not built" {
    spec '%fatelf_amd64_join
touch %{buildroot}%{_bindir}/prog' v1 v3
    local options=()
    build_rpm '!'
    finds 'fatelf-amd64: .*/usr/bin/prog: .*--force' <log
    run -1 grep 'Wrote:' log
}

@test "check-rpaths finds a bad path in a bundle as in its builds" {
    script=$(rpm --eval %_rpmconfigdir)/check-rpaths
    [ -x "$script" ] || skip "rpm has no check-rpaths here"
    mkdir -p root/usr/bin
    for level in v1 v3; do
        compile_level "${level#v}" "root/usr/bin/prog.$level" -Wl,-rpath,/home/someone/lib
    done
    run ! env RPM_BUILD_ROOT="$PWD/root" "$script"
    finds "prog\.v3' contains an invalid .*\[/home/someone/lib\]" <<<"$output"
    "$TOOL" join -q root
    run ! env RPM_BUILD_ROOT="$PWD/root" "$script"
    finds "prog' contains an invalid .*\[/home/someone/lib\]" <<<"$output"
}
