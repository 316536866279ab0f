# SPDX-License-Identifier: MIT
"""The tests of Go's standard library. `go test` links the test program of each package; these are kept."""
import pathlib
import re
import shutil

import collected
from methods import HERE, WORK, environment, must, need

ENVIRONMENT = environment(GOTOOLCHAIN="local", GOFLAGS="", GOCACHE=str(WORK / "go" / "cache"), GOAMD64="v1",
                          GODEBUG=None)
ADDRESS = re.compile("0x[0-9a-f]{8,}")  # in the names of some tests
REPORT = re.compile(r"--- (PASS|FAIL|SKIP): (\S+)")


def prepare():
    """Returns {package: directory of its test program}."""
    need("go", "cc")
    root = must(["go", "env", "GOROOT"], env=ENVIRONMENT).strip()
    sources = pathlib.Path(root, "src").resolve()  # Debian's is a link
    version = must(["go", "env", "GOVERSION"], env=ENVIRONMENT).strip()
    programs = WORK / "go" / version
    if not (programs / "complete").exists():
        shutil.rmtree(programs, ignore_errors=True)
        must(["go", "test", "-short", "-vet=off", "-count=1", "-exec", f"'{HERE}/collect' '{programs}'", "std"],
             cwd=sources, env=ENVIRONMENT)
        (programs / "complete").touch()
    found = {str(directory.relative_to(sources)): kept for _, directory, kept in collected.find(programs)}
    return dict(sorted(found.items()))


def outcomes(groups, launch, group):
    """{test: outcome} of one package. With GO_GCFLAGS, Go skips the tests that build programs with Go: they take most
    of the time, and these programs are no bundles."""
    status, output = collected.start(groups[group], launch, "-test.list=^$", ["-test.v"], GO_GCFLAGS="-l=0")
    return {"exit status": "PASS" if status == 0 else f"exit {status}",
            **{ADDRESS.sub("0x", test): outcome for outcome, test in REPORT.findall(output)}}
