# SPDX-License-Identifier: MIT
"""perl's own tests, the directory t/ of its source, with the distribution's perl and its modules.

Most of these tests start perl by the path in $^X, which does not exist if perl runs from memory. So that they can be
compared at all, the module OwnPath gives $^X its native value, in the tests, but not in the perls that they start."""
import pathlib
import re
import shutil

from methods import HERE, LAUNCHES, WORK, check_launch, environment, must, need, place, run

FOLDERS = "base cmd comp io re opbasic op uni mro lib run".split()
LEFT_OUT = {"re/anyof.t"}  # starts perl 600 times, for the same test of its regular expressions
RESULT = re.compile(r"^(ok|not ok)\b *(\d*)([^\n#]*)(?:# *(TODO|skip))?", re.M | re.I)
SWITCHES = re.compile(r"^#!.*perl.* -\w*?([tT])\w*")


def prepare():
    """Returns {test file: option}."""
    need("perl", "apt-get", "dpkg-source")
    work = WORK / "perl"
    perl = pathlib.Path("/usr/bin/perl").resolve()
    version = must([perl, "-e", "print $^V"])
    if not (work / version).exists():
        shutil.rmtree(work, ignore_errors=True)
        must([HERE / "source", "perl", work / "source"])
        (work / version).touch()
    # what a build of perl would leave in lib/
    shutil.rmtree(work / "lib", ignore_errors=True)
    (work / "lib").mkdir()
    folders = must([perl, "-MConfig", "-e", 'print join "\\n", @Config{qw(privlibexp archlibexp)}, grep /base/, @INC'])
    for folder in folders.split():
        must(["cp", "-rsf", f"{folder}/.", work / "lib"])
    for launch in LAUNCHES:
        place(perl, launch, work / launch / "perl")
        (work / launch / "OwnPath.pm").write_text(f"$^X = '{work / launch / 'perl'}'; 1;\n")
        check_launch(work / launch / "perl", launch, "-e", "1")
        shutil.rmtree(work / launch / "t", ignore_errors=True)
        shutil.copytree(work / "source" / "t", work / launch / "t", symlinks=True)
        (work / launch / "t" / "perl").symlink_to("../perl")
        if not (work / launch / "lib").exists():
            (work / launch / "lib").symlink_to("../lib")
    tests = {}
    for path in [path for folder in FOLDERS for path in sorted((work / "source" / "t" / folder).glob("*.t"))]:
        taint = SWITCHES.match(path.read_text(errors="replace").split("\n", 1)[0])
        tests[str(path.relative_to(work / "source" / "t"))] = f"-{taint[1]}" if taint else None
    return {test: option for test, option in tests.items() if test not in LEFT_OUT}


def outcomes(groups, launch, group):
    """{number of the test: outcome} of one file."""
    switches = [groups[group]] if groups[group] else []
    status, output = run(["./perl", *switches, "-I../lib", "-I..", "-MOwnPath", group], 300,
                         cwd=WORK / "perl" / launch / "t",
                         env=environment(PERL_CORE="1", LC_ALL="C", PERL5LIB=None, PERL5OPT=None))
    found = {"exit status": "PASS" if status == 0 else f"exit {status}"}
    for place_in_output, (word, number, _, directive) in enumerate(RESULT.findall(output), 1):
        outcome = "PASS" if word.lower() == "ok" else "FAIL"
        found[number or str(place_in_output)] = directive.upper() or outcome
    return found
