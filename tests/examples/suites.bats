# SPDX-License-Identifier: MIT
# Large work by a bundle that starts in place and by the program itself, with the same results: Go's compiler compiles
# Go's library, and Python runs its own tests.
load ../lib/common
load ../lib/goroot

# --- Go's compiler, by Go's standard library -------------------------------------------------------------------------

# Packages without assembler sources.
PACKAGES=(encoding/json regexp/syntax go/parser text/template/parse net/url compress/flate)

# compile_packages COMPILER FOLDER: writes an archive of each package
compile_packages() {
    local package files folder
    mkdir -p "$2"
    for package in "${PACKAGES[@]}"; do
        folder=$(go list -f '{{.Dir}}' "$package")
        go list -f '{{range .GoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}' "$package" | grep . >files
        mapfile -t files <files
        "$1" -std -complete -pack -c 2 -p "$package" -trimpath "$folder=>" -importcfg imports \
            -o "$2/${package//\//.}.a" "${files[@]}"
    done
}

@test "Go's compiler, started in place, compiles packages of Go's library to the same bytes" {
    need go
    local real
    export GOTOOLCHAIN=local GOFLAGS='' CGO_ENABLED=0
    real=$(cd / && go tool -n compile) || real=
    [ -f "$real" ] || skip "this Go has no compiler of its own"
    (cd / && go list -export -deps -f '{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}' \
        "${PACKAGES[@]}") >imports
    "$TOOL" create -q --launch inplace -o compile v1="$real"
    [[ $(FATELF_AMD64_DEBUG=log ./compile -V 2>&1) == *" by inplace, "*"compile version go"* ]]
    compile_packages "$real" native
    compile_packages "$PWD/compile" bundle
    diff -r native bundle
    same "${#PACKAGES[@]}" "$(find bundle -name '*.a' -size +8k | wc -l)"
}

# checksum_library COMPILER: compiles Go's whole library and prints the checksums of the archives
checksum_library() {
    make_goroot "$1"
    with_goroot go list -trimpath -export -f '{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}' std |
        while read -r package archive; do
            echo "$package $(sha256sum <"$archive")"
        done
    rm -rf cache
}

@test "Go's compiler, started in place at each level, compiles all of Go's library to the same bytes" {
    need_slow
    need go
    skip_unless "this Go has no GOAMD64 or no source of cmd/compile" env GOAMD64=v4 go list cmd/compile
    local out=$BUILD/examples/compile level machine
    export CGO_ENABLED=0
    [ -e "$out/compile" ] || FATELF=$TOOL "$TOP/examples/go/build" "$out" cmd/compile
    "$TOOL" create -q --launch inplace -o compile "$out"/compile.v[1-4]
    checksum_library "$(go env GOTOOLDIR)/compile" >native
    [ "$(wc -l <native)" -gt 150 ]
    machine=$(machine_level)
    for level in 1 "$machine"; do
        FATELF_AMD64=v$level checksum_library "$PWD/compile" >bundle
        diff native bundle
    done
}

# --- Python's own tests ----------------------------------------------------------------------------------------------

QUICK="test_grammar test_struct test_math test_builtin test_float test_dict test_list test_exceptions test_generators
    test_descr test_site test_resource test_fcntl test_sysconfig test_code test_cmd_line_script"
MORE="test_set test_array test_sys test_os test_posix test_mmap test_subprocess test_threading test_faulthandler
    test_ctypes test_json test_re test_zlib test_hashlib test_unicode test_bytes test_itertools test_memoryview
    test_codecs test_decimal test_pickle test_ast test_compile test_dis test_bz2 test_lzma test_fork1 test_cmd_line
    test_gc test_getpath test_embed test_exception_hierarchy test_import test_runpy test_tempfile test_shutil
    test_pathlib test_time test_datetime test_random test_statistics test_email test_inspect"

# need_python_tests: PYTHON is a program, not a script that starts another one, and has its tests with it
need_python_tests() {
    for PYTHON in /usr/bin/python3 python3; do
        PYTHON=$("$PYTHON" -c 'import os, sys, test.test_grammar, test.libregrtest
print(os.path.realpath(sys.executable))' 2>/dev/null) || continue
        return
    done
    skip "Python's tests are not installed"
}

# run_python_tests PYTHON RESULTS SUITE..: leaves "TEST RESULT", one a line, in the file RESULTS
run_python_tests() {
    local python=$1 results=$2
    shift 2
    mkdir -p "$results.work"
    # tests may fail, natively too
    (cd "$results.work" && "$python" -m test --junit-xml=results.xml "$@" >log 2>&1) || true
    "$python" - "$results.work/results.xml" <<'END' >"$results"
import sys, xml.etree.ElementTree
for case in sorted(xml.etree.ElementTree.parse(sys.argv[1]).iter("testcase"), key=lambda case: case.get("name")):
    outcome = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
    print(case.get("name"), case.get("result"), *outcome)
END
    [ -s "$results" ] || { tail -n 30 "$results.work/log"; return 1; }
}

# compare_tests OPTION.. -- SUITE..: a bundle made with these options has the same results as the program itself
compare_tests() {
    local options=()
    need_python_tests
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    shift
    "$TOOL" create -q --launch inplace "${options[@]}" -o python v1="$PYTHON"
    FATELF_AMD64_DEBUG=log ./python -c 'import sys; print(sys.executable)' >said 2>&1
    [[ $(<said) == *" by inplace, "*"$PWD/python" ]]
    if [ ! -s native ]; then
        run_python_tests "$PYTHON" native "$@"
    fi
    run_python_tests "$PWD/python" bundle "$@"
    diff native bundle
}

@test "Python, started in place, has the same results as natively in some of its own tests" {
    need python3
    # shellcheck disable=SC2086 # words on purpose
    compare_tests -- $QUICK
    [ "$(grep -c ' completed$' bundle)" -gt 500 ]
}

@test "Python, started in place from a stored and a compressed variant, has the same results in 60 of its test suites" {
    need_slow
    # shellcheck disable=SC2086 # words on purpose
    compare_tests -- $QUICK $MORE
    # shellcheck disable=SC2086 # words on purpose
    compare_tests --compress zstd --force -- $QUICK $MORE
    [ "$(grep -c ' completed$' bundle)" -gt 5000 ]
}
