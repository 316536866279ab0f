# SPDX-License-Identifier: MIT
"""Programs of 0.5 to 4 GB. Neither the memory of the tool nor time and memory of a start in place grow with them."""
import os
import shutil
import struct
from pathlib import Path

from measure import TOOL, check, run, skip, succeeds

MIB = 1 << 20
SIZES = [512, 1024, 2048, 4096]  # MiB
PLACE = 0x100000000  # of the large segment
PT_LOAD, PT_NOTE, PF_R = 1, 4, 4
STARTS = 15


def content(mebibytes, level):
    """Real code, and a number in each page that differs, a little, between levels."""
    source = Path(shutil.which('gdb') or '/proc/self/exe').read_bytes()[:7 * MIB]
    source += bytes(-len(source) % 4096)
    at = 0
    for _ in range(mebibytes):
        block = bytearray()
        while len(block) < MIB:
            page = at % len(source)
            block += source[page:page + 4088] + struct.pack('<Q', at + (level if at % (1 << 16) == 0 else 0))
            at += 4096
        yield bytes(block)


def make_program(path, mebibytes, level):
    """A C program whose PT_NOTE segment becomes a PT_LOAD with the content. Returns what the program prints."""
    succeeds('cc', '-O1', '-no-pie', f'-DPLACE={PLACE:#x}', f'-DBYTES={mebibytes * MIB}ull', f'-DLEVEL={level}',
             '-o', path, Path(__file__).parent / 'large.c')
    with open(path, 'r+b') as file:
        header = file.read(64)
        offset, count = struct.unpack_from('<Q', header, 32)[0], struct.unpack_from('<H', header, 56)[0]
        file.seek(offset)
        headers = [list(struct.unpack('<IIQQQQQQ', file.read(56))) for _ in range(count)]
        end = file.seek(0, os.SEEK_END)
        end += -end % 4096
        note = max(i for i, entry in enumerate(headers) if entry[0] == PT_NOTE)
        headers[note] = [PT_LOAD, PF_R, end, PLACE, PLACE, mebibytes * MIB, mebibytes * MIB, 4096]
        file.seek(offset + 56 * note)
        file.write(struct.pack('<IIQQQQQQ', *headers[note]))
        file.seek(end)
        for block in content(mebibytes, level):
            file.write(block)
    return succeeds(path).output


def measure_start(bundle):
    """The least seconds of some starts, because other processes make them longer, and the most MiB of one."""
    results = [succeeds(bundle, 'started') for _ in range(STARTS)]
    return min(result.seconds for result in results), max(result.memory for result in results)


def is_flat(values, slack, name, unit):
    """The largest program needs no more than the smallest one and a half, and some slack."""
    texts = ', '.join(f'{value:.4g}' for value in values)
    check(values[-1] <= 1.5 * values[0] + slack, f'{name} does not grow with the program: {texts} {unit}')


def stored(folder):
    memory, verify_memory, seconds, resident = [], [], [], []
    for size in SIZES:
        wanted = make_program(folder / 'prog', size, 1)
        result = succeeds(TOOL, 'create', '-q', '--force', '--launch', 'inplace', '-o', folder / 'bundle',
                          f'v1={folder}/prog')
        print(f'# {size} MiB stored: create took {result.seconds:.1f} s')
        os.unlink(folder / 'prog')
        memory.append(result.memory)
        verify_memory.append(succeeds(TOOL, 'verify', '-q', folder / 'bundle').memory)
        check(succeeds(folder / 'bundle').output == wanted, f'{size} MiB stored, in place: it starts')
        least, most = measure_start(folder / 'bundle')
        seconds.append(1000 * least)
        resident.append(most)
    is_flat(memory, 4, 'memory of create, stored', 'MiB')
    is_flat(verify_memory, 4, 'memory of verify, stored', 'MiB')
    is_flat(seconds, 1, 'a start in place', 'ms')
    is_flat(resident, 1, 'memory of a start in place', 'MiB')


def compressed(folder):
    memory, verify_memory = [], []
    for size in SIZES[:2]:
        wanted = make_program(folder / 'v1', size, 1)
        make_program(folder / 'v2', size, 2)
        result = succeeds(TOOL, 'create', '-q', '--force', '--base', 'v1', '--compress', 'zstd:1', '-o',
                          folder / 'bundle', f'v1={folder}/v1', f'v2={folder}/v2')
        smaller = (folder / 'bundle').stat().st_size / (2 * size * MIB)
        print(f'# {size} MiB twice, zstd:1: create took {result.seconds:.1f} s; {smaller:.3f} of both')
        memory.append(result.memory)
        verify_memory.append(succeeds(TOOL, 'verify', '-q', folder / 'bundle').memory)
        for method in 'memfd', 'inplace':
            started = run(folder / 'bundle', env={'FATELF_AMD64': 'v1', 'FATELF_AMD64_LAUNCH': method})
            check(started.status == 0 and started.output == wanted, f'{size} MiB compressed, {method}: it starts')
    is_flat(memory, 4, 'memory of create, compressed', 'MiB')
    is_flat(verify_memory, 4, 'memory of verify, compressed', 'MiB')


def large(folder):
    needed = 2 * SIZES[-1] * MIB + 1024 * MIB
    if shutil.disk_usage(folder).free < needed:
        skip('programs of 0.5 to 4 GB', f'{folder} has less than {needed >> 30} GiB of free space')
        return
    stored(folder)
    compressed(folder)
