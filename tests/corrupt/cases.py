# SPDX-License-Identifier: MIT
"""What a case of damage is and which outcomes it may have; and the kinds of damage that need not know the meaning of
fields: flipped bits and truncated files."""

import collections

from bundle import INPLACE, PT_LOAD, STORED

# Outcomes of a start of the bundle:
#   right     the variant that was asked for ran: its output, status 0
#   refused   status 127, one line on stderr that names the bundle, no output of the program
#   cannot    the same with status 126
#   kernel    exec itself failed
#   signal    death by a signal
#   failed    any other status except 0
# Outcomes of a run of the tool:
#   ok        status 0, the right output, nothing on stderr
#   remark    the same, but with a message of libbfd about the ELF file
#   failed    status 1 and a message
# Everything else is "wrong", which no case allows.
RIGHT, REFUSED, CANNOT, KERNEL, SIGNAL, FAILED, OK, REMARK, WRONG = \
    "right", "refused", "cannot", "kernel", "signal", "failed", "ok", "remark", "wrong"
COPED = (OK, FAILED)  # an answer or a message

# name: for the report. edits: ((offset, bytes), ..). cut: size that the file is cut to, or None.
# runs: ((what, outcomes that are allowed), ..) or ((what, outcomes, text in the message, if there is one), ..). what: a
# level to start, or a level and a launch method, or a sub-command and its arguments after the file, or CREATE.
Case = collections.namedtuple("Case", "name edits cut runs")
CREATE = "create"
KINDS = {}


def kind(function):
    KINDS[function.__name__.replace("_", "-")] = function
    return function


def level(variant):
    return f"v{variant.level}"


def others(bundle, variant):
    return [other for other in bundle.variants if other is not variant]


def flip(data, name, offset, bit, *runs):
    return Case(f"{name}: byte {offset:#x} bit {bit}", ((offset, bytes([data[offset] ^ 1 << bit])),), None, runs)


def some_bit(offset):
    """The number of one bit of this byte: always the same one, and without a pattern over the bytes."""
    return (offset * 2654435761 >> 13) % 8


def flips_in_note(bundle, bits):
    """Bits of the note's header and of the manifest: no variant starts."""
    padding = range(bundle.note + 12 + 13, bundle.manifest)  # after the owner's name, without a meaning
    for offset in range(bundle.note, bundle.note_end):
        for bit in () if offset in padding else bits or [some_bit(offset)]:
            chosen = level(bundle.variants[(offset + bit) % len(bundle.variants)])
            runs = [(chosen, (REFUSED,))]
            if bit == some_bit(offset):
                runs += [(("verify", "list", f"extract {chosen} -o -")[offset % 3], (FAILED,))]
            yield flip(bundle.data, "note", offset, bit, *runs)


@kind
def note(bundle):
    """Every bit."""
    yield from flips_in_note(bundle, range(8))


@kind
def note_by_bytes(bundle):
    """One bit in every byte."""
    yield from flips_in_note(bundle, None)


def base_frames(base, variant):
    """The indices of the frames of the base that the variant needs."""
    return {index for entry in variant.table if entry.prefix_size
            for index in range(entry.prefix_offset // base.frame_size,
                               -(-(entry.prefix_offset + entry.prefix_size) // base.frame_size))} if base else set()


def start(bundle, variant, damaged):
    """A run: the start of a variant. damaged: says of a range of the file whether bytes in it are wrong."""
    base = bundle.base_of(variant)
    needed = base_frames(base, variant)
    if any(map(damaged, variant.frames)) or any(damaged(base.frames[i]) for i in needed):
        return level(variant), (REFUSED,)
    if base and any(map(damaged, base.frames)):
        return level(variant), (RIGHT, REFUSED)  # another thread may decode the base's next frame ahead of time
    return level(variant), (RIGHT,)


def extract(bundle, variant, damaged):
    """A run: the extraction of a variant, which decodes the base up to the last frame that it needs."""
    base = bundle.base_of(variant)
    command = f"extract {level(variant)} -o -"
    if base and any(map(damaged, base.frames[:max(base_frames(base, variant), default=-1) + 1])):
        return command, (FAILED,), f"{level(variant)}, its base {level(base)}: damaged: "
    if any(map(damaged, [*variant.frames, variant.seek_table])):
        return command, (FAILED,), f"{level(variant)}: damaged: "
    return command, (OK,)


def flips_in_frames(bundle, step, side_step):
    """One bit in every step-th byte of each frame, and in every byte of its zstd header and checksum. Every
    side_step-th case also runs the other variants and the tool."""
    case = 0
    for variant in bundle.variants:
        for number, frame in enumerate(variant.frames):
            for offset in sorted({*frame[:20], *frame[20:-4:step], *frame[-4:]}):
                def damaged(part):
                    return offset in part

                runs = [start(bundle, variant, damaged)]
                if case % side_step == 0:
                    runs += [("verify", (FAILED,), f"{level(variant)}: damaged: "), ("list", (OK,))]
                    runs += [run(bundle, other, damaged) for other in bundle.variants for run in (start, extract)]
                    runs += [("verify", (FAILED,), f"{level(other)}, its base {level(variant)}: damaged: ")
                             for other in bundle.dependents(variant)]
                case += 1
                yield flip(bundle.data, f"{level(variant)} frame {number}", offset, some_bit(offset), *runs)


@kind
def frames(bundle):
    """One bit in every seventh byte of every frame."""
    yield from flips_in_frames(bundle, 7, 23)


@kind
def frames_by_steps(bundle):
    """The same for large frames, with fewer bytes in the middle."""
    longest = max(len(frame) for variant in bundle.variants for frame in variant.frames)
    yield from flips_in_frames(bundle, longest // 24, 17)


@kind
def frames_in_place(bundle):
    """A few bits, for starts in place. Those do not check stored payloads, so that a damaged program would run, and are
    not tried then. Other methods refuse it, and `verify` finds it."""
    case = 0
    for variant in bundle.variants:
        for number, frame in enumerate(variant.frames):
            for offset in sorted({frame[0], *frame[::len(frame) // 6], frame[-1]}):
                def damaged(part):
                    return offset in part

                what, outcomes = start(bundle, variant, damaged)
                runs = [(f"{what} memfd" if variant.encoding == STORED else f"{what} inplace", outcomes)]
                if case % 5 == 0:
                    runs += [("verify", (FAILED,), f"{level(variant)}: damaged: ")]
                    for other in others(bundle, variant):
                        what, outcomes = start(bundle, other, damaged)
                        runs += [(f"{what} inplace", outcomes)]
                case += 1
                yield flip(bundle.data, f"{level(variant)} frame {number}", offset, some_bit(offset), *runs)


@kind
def seek_table(bundle):
    """Bits in every byte of every seek table: the launcher does not use it, the tool checks it."""
    for variant in bundle.variants:
        own = level(variant)
        for offset in variant.seek_table:
            def damaged(part):
                return offset in part

            for bit in {some_bit(offset), offset % 8}:
                runs = [(f"extract {own} -o -", (FAILED,), f"{own}: damaged: the seek table")]
                if bit == some_bit(offset):
                    runs.append((own, (RIGHT,)))
                if bit == some_bit(offset) and offset % 4 == 0:
                    runs.append(("verify", (FAILED,), f"{own}: damaged: the seek table"))
                    runs += [run(bundle, other, damaged) for other in others(bundle, variant)
                             for run in (start, extract)]
                yield flip(bundle.data, f"{own} seek table", offset, bit, *runs)


def last_page(end):
    """Where the page of the byte before `end` starts: exec maps whole pages, with zeros after the file's end."""
    return (end - 1) & ~4095


def cut_start(bundle, variant, size):
    """A run: the start of a variant if the file is truncated after the manifest."""
    def damaged(part):
        # the missing rest of a page is mapped as zeros, and may have been zeros
        return any(bundle.data[max(part.start, size):max(part.stop, size)])

    how = ""
    if bundle.launch == INPLACE:
        # only its segments are needed; the launcher does not check whether a part of their last page is missing
        mapped = range(variant.start, variant.start + variant.record.file_end())
        if size <= last_page(mapped.stop):
            return level(variant), (REFUSED,), "cut short"
        if not damaged(mapped):
            return level(variant), (RIGHT,)
        how = " memfd"
    elif variant.encoding != STORED and size % 2:
        how = " inplace"
    parts = [part for part in (variant, bundle.base_of(variant)) if part]
    if any(size <= last_page(part.end) for part in parts):
        return level(variant) + how, (REFUSED,), "cut short"
    what, outcomes = start(bundle, variant, damaged)
    return what + how, outcomes


def cut_runs(bundle, size):
    """The outcomes that are allowed for a file of `size` bytes."""
    entry = bundle.sections[".text.start"]
    first, last = bundle.variants[0], bundle.variants[-1]
    if size < bundle.headers_end:
        return [(level(last), (KERNEL,))]
    if size < entry.stop:
        # the entry code checks whether the file is complete, but is not complete itself
        return [(level(last), (SIGNAL, REFUSED, FAILED, KERNEL))]
    if size <= last_page(bundle.note_end):
        return [(level(last), (REFUSED,), "cut short"), (level(first), (REFUSED,), "cut short")]
    if size < bundle.note_end:
        return [(level(last), (REFUSED,))]
    return [cut_start(bundle, variant, size) for variant in bundle.variants]


@kind
def cuts(bundle):
    """A truncated file, in steps of 1 KiB and around each border."""
    sizes = {*range(0, len(bundle.data), 1024), len(bundle.data) - 1}
    for border in (*(place for v in bundle.variants for place in (v.start, v.end)), bundle.note, bundle.note_end,
                   *(s.offset + s.file_size for s in bundle.segments if s.type == PT_LOAD),
                   last_page(bundle.payload_end), last_page(bundle.note_end)):
        sizes |= {border - 1, border, border + 1}
    for size in sorted(sizes):
        tool = COPED if size >= bundle.payload_end else (FAILED,)
        runs = cut_runs(bundle, size) + [(what, tool) for what in ("verify", "list", "extract v2 -o -")]
        yield Case(f"cut to {size:#x} bytes", (), size, runs)


@kind
def cuts_of_first_page(bundle):
    """The same for every size up to 4 KiB."""
    for size in range(4097):
        yield Case(f"cut to {size:#x} bytes", (), size, cut_runs(bundle, size)[:1])


@kind
def anywhere(bundle):
    """Bits in the whole file except the launcher, whose code cannot check itself. The outcomes depend on the place."""
    stub_end = max(segment.offset + segment.file_size for segment in bundle.segments
                   if segment.type == PT_LOAD and segment is not bundle.payload_segment)
    state = 20
    for _ in range(150):
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        offset, bit = stub_end + (state >> 33) % (len(bundle.data) - stub_end), state >> 30 & 7
        chosen = bundle.variants[state >> 28 & 3]
        if bundle.note + 25 <= offset < bundle.manifest:
            allowed = (RIGHT,)
        elif bundle.note <= offset < bundle.note_end:
            allowed = (REFUSED,)
        else:  # a payload, the gap behind one, section headers
            allowed = start(bundle, chosen, lambda part: offset in part)[1]
        command = ("verify", "list", f"extract {level(chosen)} -o -")[(state >> 40) % 3]
        yield flip(bundle.data, "anywhere", offset, bit, (level(chosen), allowed), (command, COPED))
