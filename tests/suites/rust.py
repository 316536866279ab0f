# SPDX-License-Identifier: MIT
"""The tests of Rust crates that look at their own process: cargo builds the test programs, and these are kept."""
import pathlib
import re
import shutil

import collected
from methods import HERE, WORK, Skip, environment, must, need

# the crate: its version, options of `cargo test`
CRATES = {
    "auxv": ("0.3.3",),
    "backtrace": ("0.3.76",),
    "caps": ("0.5.6",),
    "memmap2": ("0.9.12",),
    "nix": ("0.30.1", "--all-features"),
    "object": ("0.37.3", "--features=read,write"),
    "procfs": ("0.18.0",),
    "region": ("3.0.2",),
}
OLDEST = (1, 88)
REPORT = re.compile(r"^test (.+?) \.\.\. .*?\b(ok|FAILED|ignored)\b", re.M)
OUTCOMES = {"ok": "PASS", "FAILED": "FAIL", "ignored": "SKIP"}


def build(work, programs):
    """Has cargo fetch the sources of the crates, build their tests, and give the programs to `collect`."""
    sources = work / "sources"
    (sources / "src").mkdir(parents=True)
    (sources / "src" / "lib.rs").touch()
    wanted = "".join(f'{crate} = "={options[0]}"\n' for crate, options in CRATES.items())
    (sources / "Cargo.toml").write_text(
        f'[package]\nname = "sources"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n{wanted}')
    must(["cargo", "vendor", "-q", "--versioned-dirs"], cwd=sources)
    for crate, (version, *options) in CRATES.items():
        shutil.copytree(sources / "vendor" / f"{crate}-{version}", work / "crates" / crate)
        variables = environment(RUSTFLAGS="--cap-lints=warn", CARGO_TARGET_DIR=str(work / "target"),
                                CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER=f"{HERE}/collect {programs / crate}")
        must(["cargo", "test", "--lib", "--bins", "--tests", *options], cwd=work / "crates" / crate,
             env=variables)


def prepare():
    """Returns {crate/test program: directory of the program}."""
    need("cargo", "cc")
    version = must(["cargo", "--version"]).split()[1]
    if tuple(map(int, version.split(".")[:2])) < OLDEST:
        raise Skip(f"cargo is {version}, but the crates need {'.'.join(map(str, OLDEST))}")
    work = WORK / "rust" / version
    programs = work / "programs"
    if not (work / "complete").exists():
        shutil.rmtree(work, ignore_errors=True)
        build(work, programs)
        shutil.rmtree(work / "target")
        (work / "complete").touch()
    groups = {}
    for crate in CRATES:
        for program, _, kept in collected.find(programs / crate):
            groups[f"{crate}/{program.name.rsplit('-', 1)[0]}"] = kept
    return groups


def outcomes(groups, launch, group):
    """{test: outcome} of one program."""
    status, output = collected.start(groups[group], launch, "--list")
    return {"exit status": "PASS" if status == 0 else f"exit {status}",
            **{test: OUTCOMES[outcome] for test, outcome in REPORT.findall(output)}}
