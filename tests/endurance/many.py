# SPDX-License-Identifier: MIT
"""1,000 bundles in a row leave nothing and need no more memory; 2,000 starts at once all succeed."""
import os
import resource
import shutil
import subprocess

from measure import FIXTURES, TOOL, check, run, succeeds

BUNDLES = 1000
STARTS = 2000
FEW_DESCRIPTORS = 48
WAYS = [('memfd', []), ('in place, stored', ['--launch', 'inplace']),
        ('in place, compressed', ['--launch', 'inplace', '--compress', 'zstd'])]


def join(folder, count):
    """One process makes `count` bundles, with few file descriptors. Returns the most memory that it needed, in MiB."""
    for number in range(count):
        for level in 1, 3:
            os.link(FIXTURES / f'level.v{level}', folder / f'{number}.v{level}')
    result = run('prlimit', f'--nofile={FEW_DESCRIPTORS}', TOOL, 'join', '-q', folder)
    check(result.status == 0, f'one process makes {count} bundles with {FEW_DESCRIPTORS} descriptors')
    check(sorted(os.listdir(folder)) == sorted(map(str, range(count))), 'and leaves nothing but these')
    return result.memory


def in_a_row(folder):
    memory = []
    for count in 10, BUNDLES:
        place = folder / 'row'
        place.mkdir()
        memory.append(join(place, count))
        shutil.rmtree(place)
    check(memory[1] <= memory[0] + 2, f'its memory does not grow: {memory[0]:.1f}, {memory[1]:.1f} MiB')
    place = folder / 'row'
    (place / 'tmp').mkdir(parents=True)
    failed = 0
    for number in range(BUNDLES):
        options = [[], ['--launch', 'inplace'], ['--no-delta', '-j1'], ['--base', 'v1']][number % 4]
        failed += run(TOOL, 'create', '-q', '--force', *options, '-o', place / 'bundle', FIXTURES / 'level.v1',
                      FIXTURES / 'level.v3', env={'TMPDIR': str(place / 'tmp')}).status != 0
    check(failed == 0, f'create succeeds {BUNDLES} times')
    check(os.listdir(place / 'tmp') == [] and sorted(os.listdir(place)) == ['bundle', 'tmp'],
          'and leaves nothing but the bundle')
    shutil.rmtree(place)


def at_once(folder):
    """All processes wait for their input together, after they have said that they run."""
    shell = shutil.which('dash') or shutil.which('sh')
    soft, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    resource.setrlimit(resource.RLIMIT_NPROC, (hard, hard))
    for name, options in WAYS:
        succeeds(TOOL, 'create', '-q', '--force', *options, '-o', folder / 'shell', f'v1={shell}')
        read, write = os.pipe()
        with open(folder / 'output', 'w+') as output:
            processes = [subprocess.Popen([folder / 'shell', '-c', 'echo runs; read line; exit 7'], stdin=read,
                                          stdout=output, stderr=output) for _ in range(STARTS)]
            os.close(read)
            os.close(write)  # the end of their input
            statuses = [process.wait() for process in processes]
            output.seek(0)
            lines = output.read().splitlines()
        check(statuses == [7] * STARTS and lines == ['runs'] * STARTS, f'{STARTS} starts at once, {name}')
    resource.setrlimit(resource.RLIMIT_NPROC, (soft, hard))
