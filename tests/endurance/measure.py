# SPDX-License-Identifier: MIT
"""What the parts of run have in common: results in the form of TAP, and commands with their time and memory."""
import os
import subprocess
import sys
import time
import typing
from pathlib import Path

BUILD = Path(os.environ['BUILD'])
TOOL = str(BUILD / 'fatelf-amd64')
FIXTURES = BUILD / 'fixtures'

counts = {'passed': 0, 'failed': 0, 'skipped': 0}


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
    memory: int  # most of its memory at once, in MiB


def run(*command, env=None, cwd=None):
    """Runs the command, and measures it."""
    start = time.monotonic()
    with subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=cwd,
                          stderr=subprocess.STDOUT, env=dict(os.environ, **(env or {}))) as process:
        output = process.stdout.read().decode(errors='replace')
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Result(process.returncode, output, time.monotonic() - start, usage.ru_maxrss >> 10)


def succeeds(*command, **options):
    """The same for what must work for anything else to be tested."""
    result = run(*command, **options)
    if result.status != 0:
        sys.exit(f'{" ".join(map(str, command))}: status {result.status}: {result.output}')
    return result
