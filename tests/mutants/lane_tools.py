# SPDX-License-Identifier: MIT
"""For run: commands whose processes all end, and copies of the source tree."""
import filecmp
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path


class Running:
    """A command in a session of its own."""
    def __init__(self, command, cwd, env, output):
        self.process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output,
                                        stderr=subprocess.STDOUT, start_new_session=True)

    def wait(self, seconds):
        """Returns the exit status, or None if the command did not end in time. Nothing of its session is left."""
        pid, end, hung = self.process.pid, time.monotonic() + seconds, False
        # WNOWAIT: as long as the command is not reaped, no other process can get its number.
        while not hung and not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            time.sleep(0.02)
            hung = time.monotonic() > end
        self.kill()
        status = self.process.wait()
        return None if hung else status

    def members(self):
        """The processes of the session that have not ended."""
        for entry in filter(str.isdigit, os.listdir('/proc')):
            try:
                state, _, _, session = Path('/proc', entry, 'stat').read_text().rpartition(')')[2].split()[:4]
            except (OSError, ValueError):
                continue  # it has ended meanwhile
            if int(session) == self.process.pid and state not in 'ZX':
                yield int(entry)

    def kill(self):
        for _ in range(100):
            members = list(self.members())
            if not members:
                return
            for pid in members:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.02)


def synchronise(source, copy, left_out):
    """Makes `copy` equal to `source`. Files that differ get the present time, so that make sees the change."""
    copy.mkdir(parents=True, exist_ok=True)
    names = {entry.name for entry in source.iterdir() if entry.resolve() not in left_out}
    for entry in copy.iterdir():
        if entry.name not in names:
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    for name in names:
        from_, to = source / name, copy / name
        if from_.is_symlink():
            to.unlink(missing_ok=True)
            to.symlink_to(os.readlink(from_))
        elif from_.is_dir():
            synchronise(from_, to, left_out)
        elif not to.exists() or not filecmp.cmp(from_, to, shallow=False):
            to.unlink(missing_ok=True)
            shutil.copy(from_, to)
            to.chmod(to.stat().st_mode | 0o200)
