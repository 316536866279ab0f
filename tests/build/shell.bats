# SPDX-License-Identifier: MIT
# tests/analyze/shell finds each kind of check that cannot fail, and accepts how it is written instead.
load ../lib/common

# A project with a library and a bats file.
setup() {
    start_test
    need shellcheck
    cp "$TOP/.shellcheckrc" .
    mkdir -p tests/lib tests/some
    cat >tests/lib/one.bash <<'END'
# A library.
checks_two() {
    [ -e one ]
    [ -e two ]
}
END
}

# write_test CODE: a bats file whose test is this code, in which " ;; " starts a new line
write_test() {
    printf '%s\n' '# A test.' 'load ../lib/one' '@test "some" {' "${1// ;; /$'\n'}" '}' >tests/some/some.bats
}

# accepts < LINES: nothing is found in a test of each of these lines
accepts() {
    local code
    while IFS= read -r code; do
        write_test "$code"
        echo "$code"
        run -0 "$TOP/tests/analyze/shell" "$PWD"
        nothing "$output"
    done
}

# rejects PATTERN < LINES: a finding like this is found in a test of each of these lines
rejects() {
    local code
    while IFS= read -r code; do
        write_test "$code"
        echo "$code"
        run -1 "$TOP/tests/analyze/shell" "$PWD"
        echo "$output"
        grep -F "$1" <<<"$output" | finds '^tests/some/some.bats:'
    done
}

@test "a command that ! inverts is found, except in a condition" {
    rejects "! is ignored by -e" <<'END'
! grep x file ;; true
! grep x file
true && ! grep x file
for x in 1 2; do ! grep "$x" file; done
grep x file || ;; ! grep y file
END
    accepts <<'END'
run -1 grep x file ;; run ! grep x file
if ! grep x file; then false; fi ;; until ! grep x file; do :; done
[ ! -e file ] ;; [[ ! $HOME == y ]] ;; find . ! -name x
END
}

@test "a function that relies on -e is found in a condition" {
    rejects SC2310 <<'END'
checks_two || false
checks_two && true
if checks_two; then true; fi
END
    accepts <<'END'
checks_two ;; [ -e one ] || checks_two
END
}

@test "A && B || C is found" {
    rejects "A && B || C" <<'END'
[ -e one ] && cp one two || rm one
[ -e one ] && [ -e two ] || ;; { echo no; false; }
END
    accepts <<'END'
if [ -e one ] && [ -e two ] || [ -e three ]; then false; fi
(cd / && cp one two) || false
END
}

@test "a status that local hides is found" {
    rejects SC2155 <<'END'
local x=$(grep x file) ;; echo "$x"
END
    accepts <<'END'
local x ;; x=$(grep x file) ;; echo "$x"
END
}

@test "a check that a failing command passes is found" {
    rejects "a command that fails passes this check" <<'END'
[ -z "$(grep x file)" ]
[[ -z $(grep x file) ]]
nothing "$(grep x file)"
[ "$(grep x file)" != x ]
[[ $(grep x file) != x ]]
END
    accepts <<'END'
x=$(grep x file) ;; [ -z "$x" ] ;; [ "$(grep x file)" = x ]
END
}

@test "a lost status in a process substitution, in a loop's list and in arithmetic is found" {
    rejects "is lost: use a file or a pipe" <<'END'
diff <(sort one) two
while read -r x; do echo "$x"; done < <(sort one)
END
    rejects "the status of a command in" <<'END'
for x in $(cat one); do echo "$x"; done
echo $(($(cat one) + 1))
END
    accepts <<'END'
sort one | diff - two
x=$(cat one) ;; for y in $x; do echo $((y + 1)); done
END
}

@test "a reader that may end a pipeline by SIGPIPE is found" {
    rejects "may end the pipeline by SIGPIPE" <<'END'
sort one | grep -q x
sort one | LC_ALL=C grep -aqE x
sort one | head -n 1
END
    accepts <<'END'
grep -q x one || grep -q x two
sort one | sed -n 1p ;; head -n 1 one
END
}

@test "here-documents are not code, and a reason excuses a line" {
    accepts <<'EXAMPLES'
cat <<END ;; ! this is text ;; END
sort one | head -n 1 # lint: on purpose
# lint: on purpose ;; sort one | head -n 1
EXAMPLES
    rejects SIGPIPE <<'EXAMPLES'
# lint: on purpose ;; true ;; sort one | head -n 1
cat <<END ;; text ;; END ;; sort one | head -n 1
EXAMPLES
}

@test "scripts are found by their first line" {
    printf '#!/bin/sh\nread x\necho $x\n' >tests/script
    run -1 "$TOP/tests/analyze/shell" "$PWD"
    [[ $output == *"tests/script:2:"* ]]
}
