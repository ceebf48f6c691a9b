"""
A program that is asked to end when its parent is killed.

    python -m dialer.local.tied PARENT_PID PROGRAM ARGUMENT...

Workers without a parent, and without a log, should not go on ringing people. Only Linux can
promise this; elsewhere the next `dialer up` in the folder ends what is left.
"""

import ctypes
import os
import signal
import sys

# Source: prctl(2); it survives execve, and a child's own children do not inherit it.
_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Replace this process by the program; 1, with nothing run, where the parent is gone."""
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    # It may have been killed before we asked to be told.
    if os.getppid() == int(parent):
        os.execv(command[0], command)  # noqa: S606 - our parent's own command, no shell
    return 1


if __name__ == "__main__":
    sys.exit(main())
