"""
Become another program that is asked to end when `dialer up` is killed.

    python -m dialer.up.tied PARENT_PID PROGRAM ARGUMENT...

Workers that nobody looks after, and whose log nobody reads, should not go on
ringing people. Only Linux can promise this; elsewhere the next `dialer up` in
the folder ends what is left.
"""

import ctypes
import os
import signal
import sys

# Source: prctl(2); it survives execve, and a child's own children do not inherit it.
_PR_SET_PDEATHSIG = 1


def main() -> int:
    """
    Replace this process by the program.

    Returns:
        Only when the parent is gone already: 1, and nothing was run.
    """
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    # It may have been killed before we asked to be told.
    if os.getppid() == int(parent):
        os.execv(command[0], command)  # noqa: S606 - our parent's own command, no shell
    return 1


if __name__ == "__main__":
    sys.exit(main())
