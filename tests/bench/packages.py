# SPDX-License-Identifier: MIT
"""Sections package, packages: how large packages and updates of bundles are, beside those of one build."""

import os
import shutil

from common import OUT, Skip, Table, create, largest, levels, output, program, row

LAUNCHES = {"inplace": ["--launch", "inplace"], "inplace zstd": ["--launch", "inplace", "--compress", "zstd"],
            "memfd": []}
COMPRESSORS = {"xz": ["-Zxz"], "xz -9": ["-Zxz", "-z9"], "zstd": ["-Zzstd"], "gzip": ["-Zgzip"]}
CONTROL = "Package: prog\nVersion: 1\nArchitecture: amd64\nMaintainer: Nobody <nobody@example.org>\nDescription: prog\n"

# A program of some megabytes, of which the second release has one function more.
RELEASE = """package main

import ("encoding/json"; "fmt"; "go/format"; "os")

%s
func main() {
	text, err := format.Source([]byte(os.Args[0]))
	answer, _ := json.Marshal(map[string]any{"text": text, "error": err, "sum": sum(os.Args)})
	fmt.Println(string(answer))
}
"""
SUMS = ("func sum(words []string) int { return len(words) }\n",
        "func length(word string) int { return len(word) }\n"
        "func sum(words []string) (n int) { for _, word := range words { n += length(word) }; return }\n")


def package():
    """how large a package of the bundle is, beside one of one build (deb with xz -9)"""
    need_dpkg()
    real = program()
    plain = packed(largest_of(real.builds), ["xz -9"])["xz -9"]
    for launch, options in LAUNCHES.items():
        bundle = create(OUT / "packed", *options, *levels(real.builds))
        row(f"deb (xz -9), four builds, {launch} / one build", f"{packed(bundle, ['xz -9'])['xz -9'] / plain:.2f}")


def need_dpkg():
    if not shutil.which("dpkg-deb"):
        raise Skip("dpkg-deb is not installed")


def packages():
    """how large packages (deb) and updates (zstd --patch-from) are, beside those of one build; takes ten minutes"""
    need_dpkg()
    real = program()
    table = Table("packages", "launch", "builds", "file", "deb", *[f"of one, {name}" for name in COMPRESSORS], first=16)
    plain = packed(largest_of(real.builds))
    table.add("one build", 1, largest(real.builds), plain["xz"], *[1.0] * len(COMPRESSORS))
    for chosen in ((1, 3), (1, 2, 3), (1, 2, 3, 4)):
        builds = {level: real.builds[level] for level in chosen}
        for launch, options in LAUNCHES.items():
            bundle = create(OUT / "packed", *options, *levels(builds))
            sizes = packed(bundle)
            table.add(launch, len(chosen), bundle.stat().st_size, sizes["xz"],
                      *[sizes[name] / plain[name] for name in COMPRESSORS])
    if shutil.which("go") and shutil.which("zstd"):
        updates()


def largest_of(builds):
    return max(builds.values(), key=lambda build: build.stat().st_size)


def packed(file, names=COMPRESSORS):
    """{compressor: size} of a package with this file"""
    tree = OUT / "package"
    shutil.rmtree(tree, ignore_errors=True)
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(CONTROL)
    shutil.copy(file, tree / "prog")
    sizes = {}
    for name in names:
        output("dpkg-deb", "--root-owner-group", *COMPRESSORS[name], "-b", tree, OUT / "prog.deb")
        sizes[name] = (OUT / "prog.deb").stat().st_size
    return sizes


def updates():
    releases = [release(number, text) for number, text in enumerate(SUMS, 1)]
    table = Table("updates", "launch", "file", "update", "of file", first=16)
    table.add("one build", largest(releases[1]), *update([largest_of(builds) for builds in releases]))
    for launch, options in LAUNCHES.items():
        files = [create(OUT / f"release{number}", *options, *levels(builds))
                 for number, builds in enumerate(releases, 1)]
        table.add(launch, files[1].stat().st_size, *update(files))


def release(number, text):
    """{level: build} of a release"""
    folder = OUT / f"source{number}"
    folder.mkdir(exist_ok=True)
    (folder / "main.go").write_text(RELEASE % text)
    (folder / "go.mod").write_text("module example.org/prog\n\ngo 1.20\n")
    builds = {level: folder / f"prog.v{level}" for level in range(1, 5)}
    for level, build in builds.items():
        output("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", build, ".", cwd=folder,
               env={**os.environ, "GOAMD64": f"v{level}", "GOFLAGS": "-mod=mod"})
    return builds


def update(files):
    """The size of what makes the second file of the first, and its ratio to the second file."""
    old, new = files
    output("zstd", "-qq", "-f", "-19", "--long=27", f"--patch-from={old}", new, "-o", OUT / "update")
    size = (OUT / "update").stat().st_size
    return size, size / new.stat().st_size
