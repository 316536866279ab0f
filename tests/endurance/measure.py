# SPDX-License-Identifier: MIT
"""What the parts of run have in common: results in the form of TAP, and commands with their time and memory."""
import os
import shutil
import subprocess
import sys
import typing
from pathlib import Path

BUILD = Path(os.environ['BUILD'])
TOOL = str(BUILD / 'fatelf-amd64')
FIXTURES = BUILD / 'fixtures'

counts = {'passed': 0, 'failed': 0, 'skipped': 0}
used = record = None  # set by prepare()


def check(good, name):
    counts['passed' if good else 'failed'] += 1
    print(f'{"ok" if good else "not ok"} - {name}', flush=True)


def skip(name, reason):
    counts['skipped'] += 1
    print(f'ok - {name} # skip {reason}', flush=True)


def end():
    print(', '.join(f'{number} {kind}' for kind, number in counts.items()), flush=True)
    return 1 if counts['failed'] else 0


class Result(typing.NamedTuple):
    status: int  # exit status, or minus the number of a signal
    output: str  # standard output and error
    seconds: float
    memory: float  # most of its memory at once, in MiB


def prepare(folder):
    """Builds what run() measures with, in this directory."""
    global used, record
    used, record = folder / 'used', folder / 'record'
    subprocess.run(['cc', '-O1', '-o', used, Path(__file__).parent / 'used.c'], check=True)


def run(command, *arguments, env=None):
    """Runs the command, and measures it."""
    parts = [used, record, shutil.which(command) or command, *arguments]
    process = subprocess.run([str(part) for part in parts], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, env=dict(os.environ, **(env or {})), check=True)
    status, nanoseconds, memory = map(int, record.read_text().split())
    return Result(status, process.stdout.decode(errors='replace'), nanoseconds / 1e9, memory / 1024)


def succeeds(*command, **options):
    """The same for what must work for anything else to be tested."""
    result = run(*command, **options)
    if result.status != 0:
        sys.exit(f'{" ".join(map(str, command))}: status {result.status}: {result.output}')
    return result
