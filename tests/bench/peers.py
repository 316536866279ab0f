# SPDX-License-Identifier: MIT
"""Section peers: the same programs in bundles of mgo and cargo-multivers, started in turn with ours."""

import json
import os
import shutil
import subprocess

from common import (OUT, Skip, at_most, base_arguments, base_level, compile_c, create, largest, levels, machine_level,
                    over, program, row, show)

RIPGREP = "14.1.1"


def peers():
    """mgo and cargo-multivers with the same builds: size and start; installs them once"""
    for peer in (mgo, cargo_multivers):
        print(f"  {peer.__name__.replace('_', '-')}:", flush=True)
        try:
            peer()
        except Skip as reason:
            print(f"  skipped: {reason}", flush=True)


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


def sizes(peer, name, theirs, ours, builds, target):
    """theirs, ours: bundles of the same builds; target: the limit for our bundle / one build"""
    their, our, one = theirs.stat().st_size, ours.stat().st_size, largest(builds)
    whose = peer + ("'" if peer.endswith("s") else "'s")
    row(f"size, {name}: {whose} bundle / one build", f"{their / one:.2f}")
    at_most(f"size, {name}: our bundle / one build", our / one, target)
    row(f"size, {name}: our bundle / {whose}", f"{our / their:.2f}", "< 1.00", our < their)


# --- Go ---------------------------------------------------------------------------------------------------------------


def mgo():
    need("go")
    real = program()
    theirs = mgo_bundle()
    base = base_level()
    sizes("mgo", real.name, theirs, real.bundle, real.builds, 0.55)
    level, native = f"v{base}", [real.builds[base], *real.arguments]
    measured = show("peers-mgo", 100, {
        "native": [f"GOAMD64={level}", *native],
        "raw launcher": [f"GOAMD64={level}", compile_c("rawlaunch"), *native],
        "mgo": [f"GOAMD64={level}", theirs, *real.arguments],
        "bundle": [f"GOAMD64={level}", f"FATELF_AMD64={level}", real.bundle, *real.arguments],
    })
    their = over(measured, "mgo")
    at_most(f"start over native, {real.name}, base variant: bundle / mgo", over(measured, "bundle") / their, 1)
    row("the same: raw launcher / mgo", f"{over(measured, 'raw launcher') / their:.2f}")


def mgo_bundle():
    """The Go compiler as a bundle of mgo, built with the flags of examples/go/build."""
    folder = OUT / "mgo"
    if not (folder / "mgo").exists():
        attempt("go", "install", "github.com/CAFxX/mgo@latest", env={**os.environ, "GOBIN": str(folder)}, cwd="/")
    bundle = folder / "compile"
    if not bundle.exists():
        print("building the Go compiler with mgo; this takes some minutes, but only once", flush=True)
        # mgo sets GOAMD64 itself and refuses to run if it is set; / has no Go module
        environment = {name: value for name, value in os.environ.items() if name != "GOAMD64"}
        attempt(folder / "mgo", "-o", bundle, "-trimpath", "-ldflags=-s -w", "cmd/compile", env=environment, cwd="/")
    return bundle


# --- Rust -------------------------------------------------------------------------------------------------------------


def cargo_multivers():
    need("cargo")
    folder = OUT / "cargo-multivers"
    theirs = multivers_bundle(folder)
    builds = multivers_builds(folder)
    best = max(level for level in builds if level <= machine_level())
    base = base_level() if base_level() in builds else best
    ours = create(folder / "ours", *(base_arguments() if base in builds else []), *levels(builds))
    sizes("cargo-multivers", "ripgrep", theirs, ours, builds, 0.9)
    # the launcher of cargo-multivers always starts the highest level that the machine can run
    measured = show("peers-cargo-multivers", 200, {
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
