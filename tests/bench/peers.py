# SPDX-License-Identifier: MIT
"""Sections mgo, multivers: the same builds in bundles of mgo and cargo-multivers, started in turn with ours."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from common import (BENCH, OUT, Skip, at_most, base_arguments, base_level, compile_c, copied, create, largest, levels,
                    machine_level, over, row, show)

RIPGREP = "14.1.1"


def need(command):
    if not shutil.which(command):
        raise Skip(f"{command} is not installed")


def attempt(*command, **options):
    """Runs a command that may fail, for example without a network. Its last line of output is the reason to skip."""
    words = ["nice", "-n", "19", *(str(word) for word in command)]
    run = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                         errors="replace", **options)
    if run.returncode != 0:
        said = [line.strip() for line in run.stdout.splitlines() if line.strip()]
        what = " ".join([os.path.basename(words[3]), *words[4:6]])
        raise Skip(f"{what} failed: {said[-1] if said else f'exit status {run.returncode}'}")


def sizes(peer, name, theirs, ours, builds, target=None):
    """theirs, ours: bundles of the same builds; target: the limit for our bundle / one build, if it has one"""
    their, our, one = theirs.stat().st_size, ours.stat().st_size, largest(builds)
    whose = peer + ("'" if peer.endswith("s") else "'s")
    row(f"size, {name}: {whose} bundle / one build", f"{their / one:.2f}")
    if target:
        at_most(f"size, {name}: our bundle / one build", our / one, target)
    else:
        row(f"size, {name}: our bundle / one build", f"{our / one:.2f}")
    row(f"size, {name}: our bundle / {whose}", f"{our / their:.2f}", "< 1.00", our < their)


# --- Go ---------------------------------------------------------------------------------------------------------------

TINY = BENCH / "tiny.go"
GO_PROGRAMS = {  # name: (what go build builds, arguments of a start)
    "tiny": (TINY, []),
    "gofmt": ("cmd/gofmt", [TINY]),
    "compile": ("cmd/compile", ["-V"]),
}


def mgo():
    """three Go programs in bundles of mgo and in ours; MGO names mgo's binary or the folder of its source"""
    tool = mgo_tool()
    for name, (package, arguments) in GO_PROGRAMS.items():
        try:
            compare_with_mgo(name, mgo_bundle(tool, name, package), arguments)
        except Skip as reason:
            print(f"  {name} skipped: {reason}", flush=True)


def mgo_tool():
    """mgo's binary. If MGO names a folder with its source, it is built."""
    named = os.environ.get("MGO")
    tool = shutil.which(named or "mgo")
    if not named and not tool:
        raise Skip("mgo is not in PATH; MGO=FILE names its binary, MGO=FOLDER its source")
    if named and not tool and not os.path.isdir(named):
        raise Skip(f"MGO: {named} is neither a program nor a folder")
    need("go")  # mgo calls it too
    if tool:
        return Path(tool).resolve()
    tool = OUT / "mgo.built"
    attempt("go", "build", "-buildvcs=false", "-o", tool, ".", cwd=named)
    return tool


def mgo_bundle(tool, name, package):
    """A bundle of mgo, built with the flags of examples/go/build; kept as long as mgo is the same."""
    bundle = OUT / f"mgo.{hashlib.sha256(tool.read_bytes()).hexdigest()[:8]}" / name
    if not bundle.exists():
        print(f"  building {name} with mgo; this can take some minutes, but only once", flush=True)
        bundle.parent.mkdir(exist_ok=True)
        # / has no Go module
        attempt(tool, "-o", bundle, "-trimpath", "-ldflags=-s -w", package, cwd="/",
                env={**os.environ, "TMPDIR": str(OUT)})
    return copied(bundle)


def mgo_build(bundle, level):
    """The build of this level in a bundle of mgo, which writes it to its standard output."""
    build = bundle.with_name(f"{bundle.name}.v{level}")
    with build.open("wb") as file:
        subprocess.run([bundle], check=True, stdout=file,
                       env={**os.environ, "GOAMD64": f"v{level}", "MGODEBUG": "extract"})
    build.chmod(0o755)
    return copied(build)


def compare_with_mgo(name, theirs, arguments):
    builds = {level: mgo_build(theirs, level) for level in range(1, 5)}

    def bundle(kind, *options):
        return copied(create(theirs.with_name(f"{name}.{kind}"), *options, *levels(builds)))

    ours = bundle("memfd", *base_arguments())
    stored = bundle("stored", "--launch", "inplace")
    zstd = bundle("zstd", "--launch", "inplace", "--compress", "zstd", *base_arguments())
    sizes("mgo", name, theirs, ours, builds, 0.55 if name == "compile" else None)
    best = machine_level()
    asked = {f"bundle, v{level} asked for": level for level in range(1, best + 1)}
    commands = {
        **{f"native, v{level}": [builds[level]] for level in asked.values()},
        "raw launcher": [compile_c("rawlaunch"), builds[best]],
        "mgo": [theirs],
        "bundle": [ours],
        **{what: [f"FATELF_AMD64=v{level}", ours] for what, level in asked.items()},
        "bundle, in place, stored": [stored],
        "bundle, in place, zstd": [zstd],
    }
    os.sync()  # nothing is to be written to the disk while starts are measured
    measured = show(f"mgo.{name}", 200, {what: [*command, *arguments] for what, command in commands.items()})

    def ratio(what, level=best):
        """Start over native, divided by that of mgo. Unless asked, both start the level of the machine."""
        return over(measured, what, f"native, v{level}") / over(measured, "mgo", f"native, v{best}")

    start = f"start over native, {name}:"
    at_most(f"{start} bundle / mgo", ratio("bundle"), 1)
    for what, level in asked.items():
        at_most(f"{start} {what} / mgo", ratio(what, level), 1)
    row(f"{start} bundle, in place, stored / mgo", f"{ratio('bundle, in place, stored'):.2f}")
    at_most(f"{start} bundle, in place, zstd / mgo", ratio("bundle, in place, zstd"), 0.6)
    row(f"{start} raw launcher / mgo", f"{ratio('raw launcher'):.2f}")


# --- Rust -------------------------------------------------------------------------------------------------------------


def multivers():
    """ripgrep in a bundle of cargo-multivers and in ours; installs cargo-multivers and builds ripgrep once"""
    need("cargo")
    folder = OUT / "cargo-multivers"
    theirs = multivers_bundle(folder)
    builds = multivers_builds(folder)
    best = max(level for level in builds if level <= machine_level())
    base = base_level() if base_level() in builds else best
    ours = create(folder / "ours", *(base_arguments() if base in builds else []), *levels(builds))
    sizes("cargo-multivers", "ripgrep", theirs, ours, builds, 0.9)
    # the launcher of cargo-multivers always starts the highest level that the machine can run
    measured = show("multivers", 200, {
        "native": [builds[best], "--version"],
        "native of the base variant": [builds[base], "--version"],
        "raw launcher": [compile_c("rawlaunch"), builds[best], "--version"],
        "cargo-multivers": [theirs, "--version"],
        "bundle": [ours, "--version"],
        "bundle, base variant": [f"FATELF_AMD64=v{base}", ours, "--version"],
    })
    their = over(measured, "cargo-multivers")
    at_most("start over native, ripgrep: bundle / cargo-multivers", over(measured, "bundle") / their, 1)
    row("the same, base variant: bundle / cargo-multivers",
        f"{over(measured, 'bundle, base variant', 'native of the base variant') / their:.2f}")


def multivers_bundle(folder):
    tool = folder / "bin/cargo-multivers"
    bundle = folder / "out/rg"
    if not tool.exists():
        print("installing cargo-multivers, only once", flush=True)
        attempt("cargo", "install", "cargo-multivers", "--quiet", "--locked", "--root", folder, cwd="/")
    if not bundle.exists():
        source = ripgrep_source(folder)
        print("building ripgrep with cargo-multivers; this takes some minutes, but only once", flush=True)
        attempt(tool, "multivers", "--manifest-path", source / "Cargo.toml", "--target-dir", folder / "target",
                "--out-dir", folder / "out", "--cpus", "x86-64,x86-64-v2,x86-64-v3,x86-64-v4", "--", "--locked",
                cwd=folder, env={**os.environ, "CARGO_PROFILE_RELEASE_STRIP": "symbols",
                                 "CARGO_PROFILE_RELEASE_DEBUG": "0"})
    return bundle


def ripgrep_source(folder):
    """The source of ripgrep, vendored for an empty package that depends on it: cargo fetches it without building it."""
    source = folder / "source"
    if not (source / "vendor/ripgrep").exists():
        source.mkdir(parents=True, exist_ok=True)
        (source / "Cargo.toml").write_text('[package]\nname = "source"\nversion = "0.0.0"\n[lib]\npath = "lib.rs"\n'
                                           f'[workspace]\n[dependencies]\nripgrep = "={RIPGREP}"\n')
        (source / "lib.rs").touch()
        attempt("cargo", "vendor", "--quiet", cwd=source)
    if not (folder / "ripgrep").exists():
        # copied, because the vendored source is inside of another package
        shutil.rmtree(folder / "ripgrep.new", ignore_errors=True)
        shutil.copytree(source / "vendor/ripgrep", folder / "ripgrep.new")
        (folder / "ripgrep.new").rename(folder / "ripgrep")
    return folder / "ripgrep"


def multivers_builds(folder):
    """The builds that cargo-multivers made. It lists them with their features; a higher level has more of them."""
    builds = json.loads((folder / "target/ripgrep/builds.json").read_text())["builds"]
    builds.sort(key=lambda build: len(build["features"]))
    if len(builds) != 4:
        raise Skip(f"cargo-multivers made {len(builds)} builds out of 4 levels")
    return {level: folder / build["path"] for level, build in enumerate(builds, 1)}
