"""Memory that the machine really has, before something is timed.

A virtual machine often gives free memory back to its host and gets it anew a page at a time: a file of 85 MB is then
copied in 0.20 s instead of 0.02 s. Which job meets such memory is chance, and says nothing about the job.
"""

from __future__ import annotations

import mmap
import os
import subprocess
import sys

#: As much as any of the jobs takes, files it writes included.
BYTES = 2 << 30


def touch() -> None:
    """Do so in a process of its own: the peak of this one would count as that of each program it starts."""
    subprocess.run([sys.executable, "-m", __name__], check=True)


def _touch() -> None:
    """Take as much free memory as a job needs, use each page of it, and give it back to the kernel."""
    size = min(BYTES, os.sysconf("SC_AVPHYS_PAGES") * mmap.PAGESIZE // 2)
    with mmap.mmap(-1, max(size, mmap.PAGESIZE), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as taken:
        for place in range(0, len(taken), mmap.PAGESIZE):
            taken[place] = 1


if __name__ == "__main__":
    _touch()
