# SPDX-License-Identifier: MIT
"""For gdb: loads the symbols of the program that a bundle of fatelf-amd64 runs. fatelf-amd64(7) says how to use it.

gdb knows the bundle, whose code and symbols are those of the launcher. The program is in memory: after a start in place,
in pages of the bundle; after a start from memory, in a file without a name. AT_PHDR of the auxiliary vector leads to its
program headers, these to its build-id, and that to its file: in a debug directory, or in the bundle.
"""
import os
import re
import shlex
import shutil
import struct
import subprocess
import tempfile

import gdb

AT_PHDR, AT_PHNUM, AT_ENTRY, AT_EXECFN = 3, 5, 9, 31
PT_LOAD, PT_NOTE, PT_PHDR = 1, 4, 6
BUILD_ID = re.compile(rb"\x04\0\0\0([\x02-\x40])\0\0\0\x03\0\0\0GNU\0(.{0,64})", re.S)  # a note: NT_GNU_BUILD_ID
BUILD_ID_MAX = 80
PROGRAM_HEADER = "<IIQQQQQQ"  # p_type, p_flags, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align
NOTES_MAX = 1 << 16


class State:
    """What this script has done to gdb's current program."""

    def __init__(self):
        self.directory = None  # temporary, for programs that were taken out of bundles
        self.loaded = None  # the file whose symbols were added
        self.arrival = None  # the breakpoint and the catchpoint at which a program begins
        self.bundle = None  # the one that gdb runs
        self.complained = set()  # build-ids that were not found


STATE = State()


# --- ELF files and memory -----------------------------------------------------------------------------------------------

def read_file(path, offset, size):
    with open(path, "rb") as file:
        file.seek(offset)
        return file.read(size)


def read_memory(address, size):
    return gdb.selected_inferior().read_memory(address, size).tobytes()


def program_headers(data):
    size = struct.calcsize(PROGRAM_HEADER)
    return [struct.unpack_from(PROGRAM_HEADER, data, at) for at in range(0, len(data) - size + 1, size)]


def find_build_id(headers, read):
    """The build-id in the notes, as hexadecimal digits. None: there is none."""
    for kind, _, offset, address, _, size, _, _ in headers:
        if kind == PT_NOTE:
            # Go has this note directly behind those that PT_NOTE describes.
            found = BUILD_ID.search(read(offset, address, min(size, NOTES_MAX) + BUILD_ID_MAX))
            if found:
                return found[2][:found[1][0]].hex()
    return None


def file_headers(path):
    """The program headers of an ELF file. Empty: it is none."""
    header = read_file(path, 0, 64)
    if len(header) < 64 or header[:6] != b"\x7fELF\x02\x01":
        return []
    offset, count = struct.unpack_from("<Q", header, 32)[0], struct.unpack_from("<H", header, 56)[0]
    return program_headers(read_file(path, offset, 56 * count))


def file_build_id(path):
    return find_build_id(file_headers(path), lambda offset, _, size: read_file(path, offset, size))


def is_bundle(path):
    try:
        for kind, _, offset, *_ in file_headers(path):
            if kind == PT_NOTE and read_file(path, offset, 24)[12:] == b"fatelf-amd64":
                return True
    except (OSError, struct.error):
        pass
    return False


# --- the program in memory ----------------------------------------------------------------------------------------------

def auxiliary_vector():
    """A dictionary. Read from /proc where that is possible: gdb keeps that of the launcher."""
    try:
        data = read_file(f"/proc/{gdb.selected_inferior().pid}/auxv", 0, NOTES_MAX) if is_live() else b""
    except OSError:
        data = b""
    if data:
        return dict(struct.iter_unpack("<QQ", data))
    try:
        text = run("info auxv")
    except gdb.error:
        return {}
    return {int(number): int(value, 0) for number, value in re.findall(r'^(\d+) .*? (0x\w+|\d+)(?: ".*)?$', text, re.M)}


def is_live():
    """Whether there is a process on this machine, and not a core file or gdbserver."""
    connection = getattr(gdb.selected_inferior(), "connection", None)  # from gdb 11
    return connection is not None and connection.type == "native" and gdb.selected_inferior().pid > 0


def find_program(vector):
    """The build-id of the program in memory, or None, and how far it is from the addresses in its file."""
    headers = program_headers(read_memory(vector[AT_PHDR], 56 * vector[AT_PHNUM]))
    bias = [vector[AT_PHDR] - header[3] for header in headers if header[0] == PT_PHDR]
    if not bias:  # a static program: its first page has the ELF header, and these headers after it
        first = vector[AT_PHDR] & -4096
        bias = [first - header[3] + header[2] for header in headers if header[0] == PT_LOAD]
    return find_build_id(headers, lambda _, address, size: read_memory(address + bias[0], size)), bias[0]


def executable():
    """The path in /proc/PID/exe. Empty: unknown."""
    try:
        return os.readlink(f"/proc/{gdb.selected_inferior().pid}/exe") if is_live() else ""
    except OSError:
        return ""


def find_bundle(vector):
    """The path of the bundle that was started. None: it is not known, or it was none."""
    paths = [gdb.current_progspace().filename, executable()]
    try:
        paths.append(gdb.Value(vector[AT_EXECFN]).cast(gdb.lookup_type("char").pointer()).string())
    except (gdb.error, KeyError):
        pass
    return next((path for path in paths if path and is_bundle(path)), None)


# --- the program's file -------------------------------------------------------------------------------------------------

def tool():
    beside = os.path.join(os.path.dirname(__file__), "..", "..", "bin", "fatelf-amd64")
    return shutil.which("fatelf-amd64") or (beside if os.access(beside, os.X_OK) else None)


def temporary(name):
    if not STATE.directory:
        STATE.directory = tempfile.TemporaryDirectory(prefix="fatelf-amd64-gdb.")
    return os.path.join(STATE.directory.name, name)


def from_debug_directory(build_id):
    for directory in gdb.parameter("debug-file-directory").split(":"):
        path = os.path.join(directory, ".build-id", build_id[:2], build_id[2:])
        if os.path.exists(path):
            return os.path.realpath(path)
    return None


def from_process(build_id):
    """A copy of the memory file, which gdb can still open when the process has ended."""
    path = f"/proc/{gdb.selected_inferior().pid}/exe"
    try:
        if is_live() and file_build_id(path) == build_id:
            return shutil.copy(path, temporary(build_id))
    except OSError:
        pass
    return None


def from_bundle(build_id, bundle):
    """Takes all variants out of the bundle, and keeps the one with the build-id."""
    name = tool()
    if not name or not bundle:
        return None
    subprocess.run([name, "extract", "-q", "--force", "-o", temporary("variant"), bundle, "all"], check=False,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found = None
    for level in range(1, 5):
        path = temporary(f"variant.v{level}")
        if os.path.exists(path) and not found and file_build_id(path) == build_id:
            found = temporary(build_id)
            os.replace(path, found)
        elif os.path.exists(path):
            os.unlink(path)
    return found


def complain(build_id):
    if build_id not in STATE.complained:
        STATE.complained.add(build_id)
        print(f"fatelf-amd64: no program with build-id {build_id}: not in debug-file-directory, and not to be had from "
              "the bundle with 'fatelf-amd64 extract'")


# --- symbols ------------------------------------------------------------------------------------------------------------

def run(command):
    """Runs a command of gdb without showing what it prints."""
    return gdb.execute(command, to_string=True)


def knows(build_id):
    return any(objfile.build_id == build_id for objfile in gdb.objfiles())


def load():
    """Loads the symbols of the program that runs, unless gdb has them, or no bundle is running."""
    vector = auxiliary_vector()
    if AT_PHDR not in vector:
        return
    bundle = find_bundle(vector)
    from_memory = executable().startswith("/memfd:")
    if not bundle and not from_memory:
        return
    try:
        build_id, bias = find_program(vector)
    except (gdb.MemoryError, IndexError):
        return
    if not build_id or knows(build_id) or bundle and file_build_id(bundle) == build_id:
        return
    path = from_debug_directory(build_id) or from_process(build_id) or from_bundle(build_id, bundle)
    if not path:
        complain(build_id)
        return
    unload()
    if gdb.current_progspace().filename or STATE.bundle:
        run(f"add-symbol-file {shlex.quote(path)} -o {bias:#x}")
        STATE.loaded = path
    else:
        run(f"symbol-file {shlex.quote(path)}")
        renew(path)  # puts the symbols in their place, too
    print(f"fatelf-amd64: symbols of {path}")


def renew(executable_file):
    """Makes gdb read the auxiliary vector, and look for libraries, again."""
    run(f"exec-file {shlex.quote(executable_file)}")
    run(f"set solib-search-path {gdb.parameter('solib-search-path')}")


def unload():
    if STATE.loaded:
        try:
            run(f"remove-symbol-file {shlex.quote(STATE.loaded)}")
        except gdb.error:
            pass
        STATE.loaded = None


# --- from the start -----------------------------------------------------------------------------------------------------

def await_program():
    """If the launcher of a bundle begins: stops where its program begins, to load the symbols, and continues.

    After a start in place, that is the last code of the launcher, the section .jump; after a start from memory, an exec.
    """
    bundle, vector = gdb.current_progspace().filename, auxiliary_vector()
    if STATE.arrival or not is_live() or not bundle or not is_bundle(bundle):
        return
    # The offset in the file, which is the address for which the launcher was linked.
    jump = re.search(r" at (0x\w+): \.jump ", run("maintenance info sections"))
    if not jump or find_program(vector)[0] != file_build_id(bundle):
        return
    address = int(jump[1], 16) + vector[AT_ENTRY] - struct.unpack("<Q", read_file(bundle, 24, 8))[0]
    commands = "silent\npython fatelf_amd64.arrive()\ncontinue"
    breakpoint = gdb.Breakpoint(f"*{address:#x}", type=gdb.BP_HARDWARE_BREAKPOINT, internal=True)
    breakpoint.commands = commands
    run("catch exec")
    number = int(gdb.convenience_variable("bpnum"))
    run(f"commands {number}\n{commands}\nend")
    STATE.arrival = breakpoint, number
    STATE.bundle = bundle


def arrive():
    forget_arrival()
    load()
    if gdb.current_progspace().filename:  # after a start in place, gdb knows of no libraries
        renew(STATE.bundle)


def forget_arrival():
    if STATE.arrival:
        breakpoint, number = STATE.arrival
        STATE.arrival = None
        try:
            breakpoint.delete()
            run(f"delete {number}")
        except (RuntimeError, gdb.error):  # the user has deleted them
            pass


def see_file(event):
    if event.new_objfile.filename.startswith("system-supplied DSO"):  # the last one of a start or a core file
        await_program()
        load()


def see_exit(_):
    forget_arrival()
    unload()
    if STATE.bundle:  # an exec has made gdb forget it
        run(f"exec-file {shlex.quote(STATE.bundle)}")


gdb.events.stop.connect(lambda _: load())
gdb.events.new_objfile.connect(see_file)
gdb.events.exited.connect(see_exit)
load()  # there may be a process or a core file already
