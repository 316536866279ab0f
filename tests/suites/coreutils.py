# SPDX-License-Identifier: MIT
"""The tests of coreutils: its source is built once, and then every program in src/ is replaced by its bundle. The tests
that only root can run are left out, because they mount file systems, and most of those of factor, because they only
compute."""
import os
import re
import shutil

from methods import HERE, LAUNCHES, WORK, Failure, check_launch, environment, must, need, place, run

TREE = WORK / "coreutils" / "tree"
INTERPRETERS = {".sh": "SH_LOG_COMPILER", ".pl": "PL_LOG_COMPILER", ".xpl": "XPL_LOG_COMPILER"}
OUTCOMES = {0: "PASS", 1: "FAIL", 77: "SKIP"}
LEFT_OUT = re.compile(r"tests/factor/t[1-9]")


def build():
    """Unpacks and builds coreutils."""
    shutil.rmtree(WORK / "coreutils", ignore_errors=True)
    must([HERE / "source", "coreutils", TREE])
    # Debian's patches make the sources newer than what autoconf and automake made of them.
    must(["find", ".", "-exec", "touch", "-h", "-d", "@1000000000", "{}", "+"], cwd=TREE)
    must(["./configure", "--disable-nls", "--disable-dependency-tracking"], cwd=TREE,
         env=environment(FORCE_UNSAFE_CONFIGURE="1"))
    must(["make", f"-j{len(os.sched_getaffinity(0))}"], cwd=TREE)
    (WORK / "coreutils" / "complete").touch()


def variable(name):
    """The value of a variable of coreutils' Makefile."""
    return must(["make", "-s", f"--eval=suites:;@:$(info $({name}))", "suites"], cwd=TREE).strip()


def is_program(path):
    if path.is_symlink() or not path.is_file() or path.suffix in (".o", ".so", ".a"):
        return False
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def prepare():
    """Returns {test: the command that runs it in TREE}."""
    need("cc", "make", "perl", "apt-get", "dpkg-source")
    if not (WORK / "coreutils" / "complete").exists():
        build()
    programs = {path for path in (TREE / "src").iterdir() if is_program(path)}
    if len(programs) < 90:
        raise Failure(f"only {len(programs)} programs were built")
    for launch in LAUNCHES:
        own = WORK / "coreutils" / launch
        must(["chmod", "-R", "u+rwX", own] if own.exists() else ["true"])
        shutil.rmtree(own, ignore_errors=True)
        (own / "src").mkdir(parents=True)
        for path in [*TREE.iterdir(), *(TREE / "src").iterdir()]:
            target = own / path.relative_to(TREE)
            if path in programs:
                place(path, launch, target)
            elif path != TREE / "src":
                target.symlink_to(path)
        check_launch(own / "src" / "ls", launch, "--version")
    prefix = variable("TESTS_ENVIRONMENT")
    interpreters = {suffix: variable(name) for suffix, name in INTERPRETERS.items()}
    tests = set(variable("all_tests").split()) - set(variable("all_root_tests").split())
    return {test: f"tst={test}; f={test}; {prefix} {interpreters[os.path.splitext(test)[1]]} {test}"
            for test in sorted(tests) if not LEFT_OUT.match(test)}


def outcomes(groups, launch, group):
    """The outcome of one test, a script."""
    own = WORK / "coreutils" / launch
    status, _ = run(["bash", "-c", groups[group].replace(str(TREE), str(own))], 300, cwd=own,
                    env=environment(CONFIG_SHELL=None, POSIXLY_CORRECT=None))
    return {"result": OUTCOMES.get(status, f"exit {status}")}
