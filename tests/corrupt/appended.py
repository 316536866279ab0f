# SPDX-License-Identifier: MIT
"""Manifests with wrong entries in the table of appended data, and a right checksum."""

from cases import FAILED, RIGHT, kind, level
from malformed import HUGE, TOP, in_turn, malformed, refused


def refused_by_tool(bundle, *says):
    """Runs: the tool refuses the manifest; the launcher, which does not need the copies, starts the right variant."""
    commands = in_turn(2, "verify", "list", f"extract {level(bundle.variants[0])} -o -")
    return [(what, (RIGHT,)) for what in in_turn(1, *(level(variant) for variant in bundle.variants))] + \
        [(what, (FAILED,), *says) for what in commands]


@kind
def malformed_appended(bundle):
    """Wrong entries of the table of appended data: of a section and of the data at the end. Only the tool looks
    at them."""
    section, end = 0, 1
    assert bundle.appended[section].name.rstrip(b"\0") == b"pydata" and bundle.appended[end].offset == 0
    bad = [(index, {"size": size}) for index in (section, end) for size in (0, HUGE + 1, 1 << 63, TOP)]
    bad += [(section, {"offset": 0}), (section, {"name": b""}), (section, {"name": b"py data"}),
            (section, {"name": b"py\ndata"}), (section, {"name": b"pydata\0x"}), (section, {"name": b"x" * 48}),
            (section, {"offset": 0, "name": b""}), (section, {"offset": HUGE + 1}), (section, {"offset": TOP}),
            (end, {"offset": bundle.appended[section].offset}), (end, {"name": b"pydata"})]
    for index, fields in bad:
        yield malformed(bundle, "appended", refused_by_tool(bundle, "table of appended data"), appended={index: fields})
    room = bundle.payload_end - bundle.manifest
    for offset, size in ((1, 1), (bundle.manifest_size - 1, 1), (room - 1, 2), (room, 1), (room + 1, 1), (HUGE, HUGE),
                         (bundle.manifest_size, HUGE)):
        yield malformed(bundle, "appended", refused_by_tool(bundle, "outside of its segment"),
                        appended={section: {"offset": offset, "size": size}})
    yield malformed(bundle, "appended", refused(bundle), header={"appended_count": 1})
