"""What a damaged bundle is and what may come of it, and the kinds of damage that need no knowledge of a field's sense:
flipped bits and files cut short."""

import collections

from bundle import PT_LOAD, STORED

# What may come of a start of the bundle:
#   right     the variant asked for ran: its output, status 0
#   refused   status 127, one line on stderr that names the bundle, nothing from the program
#   harmless  right, though a refusal would do as well, because the damaged payload still decodes to the same bytes:
#             zstd has several ways to write the same content (a match at another place of a run of zeros), and bits
#             that nothing reads
#   kernel    exec itself failed
#   signal    death by a signal
#   failed    any other status but 0
# and of a run of the tool:
#   ok        status 0, the right output, nothing on stderr
#   remark    the same, but libbfd has something to say about the ELF file
#   failed    status 1 and a message
# "wrong" is anything else; allowed only where the launcher's own code is damaged.
RIGHT, REFUSED, HARMLESS, KERNEL, SIGNAL, FAILED, OK, REMARK, WRONG = \
    "right", "refused", "harmless", "kernel", "signal", "failed", "ok", "remark", "wrong"
COPED = (OK, FAILED)  # where an answer and a message will both do

# name: for the report. edits: ((offset, bytes), ..). cut: size that the file is cut to, or None.
# runs: ((what, outcomes that are allowed), ..); what: a level to start, or a sub-command and its arguments behind the
# file, or CREATE.
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
    """One of a byte's bits, always the same one, without a pattern."""
    return (offset * 2654435761 >> 13) % 8


@kind
def note(bundle):
    """Every bit of the note's header and of the manifest, whichever variant is asked for."""
    padding = range(bundle.note + 12 + 13, bundle.manifest)  # behind the owner's name; means nothing
    for offset in range(bundle.note, bundle.note_end):
        for bit in range(0 if offset in padding else 8):
            chosen = level(bundle.variants[(offset + bit) % len(bundle.variants)])
            runs = [(chosen, (REFUSED,))]
            if bit == some_bit(offset):
                runs += [("verify", (FAILED,)), ("list", (FAILED,)), (f"extract {chosen} -o -", (FAILED,))]
            yield flip(bundle.data, "note", offset, bit, *runs)


def sure_part(data, frame):
    """The bytes of a zstd frame that can have one value only (RFC 8878, 3.1.1): magic number, frame header descriptor,
    content size, checksum. Between them there may be a window size, which means little, and the blocks."""
    descriptor = data[frame.start + 4]
    single = descriptor >> 5 & 1
    size = (single, 2, 4, 8)[descriptor >> 6]
    content_size = frame.start + 5 + (0 if single else 1)
    return {*frame[:5], *range(content_size, content_size + size), *frame[-4:]}


def flips_in_frames(bundle, step, side_step):
    """The frame's header and checksum bit by bit, and one bit in every step-th byte between. In every side_step-th case
    also what others see: the other variants, the tool."""
    case = 0
    for variant in bundle.variants:
        own = level(variant)
        side_runs = [("verify", (FAILED,)), (f"extract {own} -o -", (FAILED,)), ("list", (OK,))]
        for other in others(bundle, variant):
            side_runs += [(level(other), (RIGHT,)), (f"extract {level(other)} -o -", (OK,))]
        for number, frame in enumerate(variant.frames):
            stored = variant.encoding == STORED
            sure = frame if stored else sure_part(bundle.data, frame)
            for offset in sorted({*frame[:32], *frame[32:-4:step], *frame[-4:]}):
                for bit in (some_bit(offset),) if stored or offset not in sure else range(8):
                    runs = [(own, (REFUSED,) if offset in sure else (REFUSED, HARMLESS))]
                    if case % side_step == 0:
                        runs += side_runs
                    case += 1
                    yield flip(bundle.data, f"{own} frame {number}", offset, bit, *runs)


@kind
def frames(bundle):
    """One bit in every byte of every frame."""
    yield from flips_in_frames(bundle, 1, 97)


@kind
def frames_by_steps(bundle):
    """The same for large frames: not every byte between header and checksum."""
    longest = max(len(frame) for variant in bundle.variants for frame in variant.frames)
    yield from flips_in_frames(bundle, longest // 24, 17)


@kind
def seek_table(bundle):
    """Every bit of every seek table."""
    for variant in bundle.variants:
        for offset in variant.seek_table:
            for bit in range(8):
                runs = [(level(variant), (REFUSED,))]
                if bit == some_bit(offset):
                    runs += [("verify", (FAILED,)), (f"extract {level(variant)} -o -", (FAILED,))]
                    runs += [(level(other), (RIGHT,)) for other in others(bundle, variant)]
                yield flip(bundle.data, f"{level(variant)} seek table", offset, bit, *runs)


def last_page(bundle):
    """Where the payload segment's last page starts: exec maps whole pages, with zeros behind the file's end."""
    return (bundle.payload_end - 1) & ~4095


def cut_runs(bundle, size):
    """What a file cut to `size` bytes may do."""
    entry = bundle.sections[".text.start"]
    first, last = bundle.variants[0], bundle.variants[-1]
    if size < bundle.headers_end:
        return [(level(last), (KERNEL,))]
    if size < entry.stop:
        # the entry code looks whether the file is whole; half of it cannot
        return [(level(last), (SIGNAL, REFUSED, FAILED, KERNEL))]
    if size <= last_page(bundle):
        return [(level(last), (REFUSED,)), (level(first), (REFUSED,))]
    if size < bundle.payload_end:
        # the missing rest of the page reads as zeros, which it may have been
        missed = any(bundle.data[size:bundle.payload_end])
        own = (REFUSED,) if missed else (RIGHT,)
        return [(level(last), own)] + [(level(other), (RIGHT,)) for other in others(bundle, last)]
    return [(level(variant), (RIGHT,)) for variant in bundle.variants]


@kind
def cuts(bundle):
    """A file that ends too early, in steps of 1 KiB and around each border."""
    sizes = {*range(0, len(bundle.data), 1024), len(bundle.data) - 1}
    for border in (*(place for v in bundle.variants for place in (v.start, v.end)), bundle.note, bundle.note_end,
                   *(s.offset + s.file_size for s in bundle.segments if s.type == PT_LOAD), last_page(bundle)):
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
    """Bits all over the file: what they are decides what may come of it."""
    stub_end = max(segment.offset + segment.file_size for segment in bundle.segments
                   if segment.type == PT_LOAD and segment is not bundle.payload_segment)
    state = 20
    for _ in range(300):
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        offset, bit = (state >> 33) % len(bundle.data), state >> 30 & 7
        chosen = bundle.variants[state >> 28 & 3]
        if offset < stub_end:
            allowed = (KERNEL, SIGNAL, REFUSED, FAILED, RIGHT, WRONG)  # the launcher's own code cannot vouch for itself
        elif bundle.note + 25 <= offset < bundle.manifest:
            allowed = (RIGHT,)
        elif bundle.note <= offset < bundle.note_end or offset in chosen.seek_table:
            allowed = (REFUSED,)
        elif chosen.start <= offset < chosen.end:
            allowed = (REFUSED, HARMLESS)
        else:
            allowed = (RIGHT,)  # another variant, the gap behind one, section headers
        yield flip(bundle.data, "anywhere", offset, bit, (level(chosen), allowed), ("verify", COPED), ("list", COPED),
                   (f"extract {level(chosen)} -o -", COPED))
