# SPDX-License-Identifier: MIT
"""Starts thousands of programs, without a shell, and returns how each one ended."""

import collections
import os
import resource
import signal

# status: exit status, or None; signal: number, or None; error: errno with which the kernel refused to start it, or None
Ended = collections.namedtuple("Ended", "status signal error out err")

LIMIT = 60  # seconds; a damaged program must not hang the tests. An intact one needs much less


def set_limits():
    """No core files; children inherit this."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Spawner:
    def __init__(self, environment):
        self.environment = environment
        self.null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        # two files for the output, emptied after each start: a pipe would have to be read while it fills
        self.output = [os.memfd_create(name, os.MFD_CLOEXEC) for name in ("out", "err")]
        self.child = 0
        signal.signal(signal.SIGALRM, self.kill)

    def kill(self, *_):
        if self.child:
            os.kill(self.child, signal.SIGKILL)

    def take(self, fd):
        taken = os.pread(fd, os.fstat(fd).st_size, 0)
        if taken:
            os.ftruncate(fd, 0)
            os.lseek(fd, 0, os.SEEK_SET)  # the child shares the file's offset with this process
        return taken

    def __call__(self, argv, **environment):
        actions = [(os.POSIX_SPAWN_DUP2, self.null, 0)]
        actions += [(os.POSIX_SPAWN_DUP2, fd, i + 1) for i, fd in enumerate(self.output)]
        try:
            # unlike execvp and a shell, this does not turn a file with ENOEXEC into a script
            self.child = os.posix_spawn(argv[0], argv, {**self.environment, **environment}, file_actions=actions)
        except OSError as refusal:
            return Ended(None, None, refusal.errno, b"", b"")
        signal.alarm(LIMIT)
        _, status = os.waitpid(self.child, 0)
        signal.alarm(0)
        self.child = 0
        died = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        return Ended(None if died else os.WEXITSTATUS(status), died, None, *map(self.take, self.output))
