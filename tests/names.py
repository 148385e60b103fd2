"""Names of hosts are looked up in files alone while tests run: no name server is waited for, and none has a say.

sendmail asks for the name of each client. A name server that loses one question in a hundred, as under so many of them
happens, is waited for 5 seconds each time.
"""

from __future__ import annotations

import ctypes
import re
from pathlib import Path
from tempfile import NamedTemporaryFile

from deploy import linux

SWITCH = Path("/etc/nsswitch.conf")

CLONE_NEWNS = 0x00020000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18


def settle() -> bool:
    """Both that sendmail needs of names: files alone, and a host name with a domain. Says whether there is one; without
    it each sendmail sleeps for a minute.
    """
    look_up_in_files_alone()
    return linux.qualify_host_name()


def look_up_in_files_alone() -> bool:
    """For this process and its children, in a mount namespace of their own; says whether it is so.

    Needs root. Whoever is not, or has no such namespace, waits now and then.
    """
    if not SWITCH.exists():
        return False
    given = SWITCH.read_text()
    wanted = re.sub(r"(?m)^hosts:.*$", "hosts: files", given)
    if wanted == given:
        return True
    libc = ctypes.CDLL(None)
    if libc.unshare(CLONE_NEWNS) or libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None):
        return False
    with NamedTemporaryFile("w") as file:
        file.write(wanted)
        file.flush()
        Path(file.name).chmod(0o644)
        return not libc.mount(file.name.encode(), bytes(SWITCH), None, MS_BIND, None)
