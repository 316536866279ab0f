#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""matrix.py [--write PAGE] RESULTS...: judges what guest/check printed, and prints one line for each place and kind of
bundle, the matrix, and how many passed. With PAGE, the matrix is written there too, between two lines with "<!--", if
all passed.

There is a file for each boot, KERNEL@BOOT, and for each sandbox, sandboxes@NAME: first "level N", the level that the
launcher has to find there, or "skip REASON"; then "version TEXT"; then the lines of guest/check; last "end".
A file NAME@programs has lines "skip REASON". Files with a dot after the @ are not read.
"""
import os
import sys
import textwrap
import time

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = ["memfd", "stored", "decoded", "file"]
WORDS = {"memfd": "memory file", "inplace": "in place", "file": "private file", "126": "refused, 126"}


def table(name, columns):
    """The rows of a table, as lists of words; the last column takes the rest of the line."""
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return [line.split(None, columns - 1) for line in map(str.strip, file) if line and line[0] != "#"]


EXPECTED = {row[0]: row[1:] for row in table("expected", 6)}
SURROUNDINGS = {row[0]: row[4].split(",") for row in table("boots", 5)}
LEVELS = {row[0]: [int(level) for level in row[1].split(",")] for row in table("programs/list", 3)}


class Judge:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.cells = {}  # (where, kind): {kernel: outcome}

    def line(self, good, text, notes=()):
        print(f"{'ok' if good else 'not ok'} {self.passed + self.failed + self.skipped + 1} - {text}")
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        for note in notes:
            print(f"#   {note}")

    def skip(self, text, reason):
        self.skipped += 1
        print(f"ok {self.passed + self.failed + self.skipped} - {text} # skip {reason}")

    def file(self, path):
        kernel, boot = os.path.basename(path).split("@")
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
        reasons = [line[5:] for line in lines if line.startswith("skip ")]
        if reasons or boot == "programs":
            for reason in reasons:
                self.skip(f"{kernel} {boot}", reason)
            return
        level = int(lines[0].split()[1])
        results, notes, skipped = {}, {}, set()
        key = None
        for line in lines[2:]:
            words = line.split()
            if line.startswith("# "):
                notes.setdefault(key, []).append(line[2:])
            elif len(words) > 2 and words[1] == "skip":
                self.skip(f"{kernel} {boot} {words[0]}", " ".join(words[2:]))
                skipped.add(words[0])
            elif len(words) == 5 and words[1] in KINDS:
                key = words[0], words[1]
                results.setdefault(key, []).append(words[2:])
        if lines[-1] != "end":
            self.line(False, f"{kernel} {boot} ends", [f"the last line is '{lines[-1]}'"])
        for where in set(SURROUNDINGS.get(boot, ())) - skipped:
            for kind in KINDS:
                if (where, kind) not in results:
                    self.line(False, f"{kernel} {boot} {where}, {kind}: started")
        if boot not in SURROUNDINGS and not results:
            self.line(False, f"{kernel} {boot}: started")
        for key, starts in results.items():
            self.cell(kernel, boot, key, starts, level, notes.get(key, []))

    def cell(self, kernel, boot, key, starts, level, notes):
        where = boot if key[0] in ("plain", "few") or kernel == "sandboxes" else key[0]
        row = EXPECTED.get(f"{kernel}:{where}") or EXPECTED[where]
        wanted = row[KINDS.index(key[1])]
        bad = []
        for program, method, found in starts:
            fitting = max((n for n in LEVELS[program] if n <= level))
            if method not in wanted.split("|") or found != ("-" if method == "126" else f"v{fitting}"):
                bad.append(f"{program}: {method} {found}, not {wanted} v{fitting}")
        outcome = " or ".join(WORDS.get(o, o) for o in sorted({method for _, method, _ in starts}))
        self.cells.setdefault((where, key[1]), {})[kernel] = outcome
        text = f"{kernel} {where}, {key[1]}: {len(starts)} programs, {outcome}"
        self.line(not bad, text, bad + notes if bad else ())

    def matrix(self):
        """The lines of the matrix: rows of the table expected."""
        lines = ["| Where | " + " | ".join(("made for `memfd`", "`inplace`, stored", "`inplace`, compressed",
                                             "only private files")) + " |", "|---" * 5 + "|"]
        for where, row in EXPECTED.items():
            cells = [self.cell_text(self.cells.get((where, kind))) for kind in KINDS]
            if any(cells):
                lines.append(f"| {row[4]} | " + " | ".join(cells) + " |")
        return lines

    @staticmethod
    def cell_text(outcomes):
        if not outcomes:
            return ""
        count = {outcome: list(outcomes.values()).count(outcome) for outcome in outcomes.values()}
        usual = max(count, key=count.get)
        return "; ".join([usual] + [f"{kernel}: {o}" for kernel, o in outcomes.items() if o != usual])


def versions(results):
    """What was booted or run, each once."""
    found = []
    for name in results:
        with open(name, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
        found += [line[8:] for line in lines[:2] if line.startswith("version ") and line[8:] not in found]
    return ", ".join(found)


def write(page, text):
    with open(page, encoding="utf-8") as file:
        lines = file.read().splitlines()
    marks = [i for i, line in enumerate(lines) if line.startswith("<!-- ")]
    lines[marks[-2] + 1:marks[-1]] = text
    with open(page, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def main():
    arguments = sys.argv[1:]
    page = None
    if arguments[0] == "--write":
        page, arguments = arguments[1], arguments[2:]
    order = ["tree"] + [row[0] for row in table("kernels", 3)] + ["sandboxes"]
    boots = [row[0] for row in table("boots", 5)]

    def place(path):
        kernel, boot = os.path.basename(path).split("@")
        return order.index(kernel), boots.index(boot) if boot in boots else 0, boot

    results = sorted((path for path in arguments if "." not in path.split("@")[-1]), key=place)
    judge = Judge()
    for path in results:
        judge.file(path)
    matrix = judge.matrix()
    print("\n" + "\n".join(matrix) + "\n")
    if page and not judge.failed:
        machine = ".".join(os.uname().release.split(".")[:2])
        seen = f"Seen on {time.strftime('%Y-%m-%d')} with {versions(results)}; the sandboxes on Linux {machine}."
        write(page, [""] + textwrap.wrap(seen, 120, break_on_hyphens=False) + [""] + matrix + [""])
    print(f"{judge.passed} passed, {judge.failed} failed, {judge.skipped} skipped")
    return judge.failed > 0 or judge.passed == 0


sys.exit(main())
