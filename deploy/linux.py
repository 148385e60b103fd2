"""Two services of the Linux kernel that Python's standard library does not offer before 3.12."""

import ctypes
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUTS = 0x04000000
CLONE_NEWUSER = 0x10000000
#: What to say where qualify_host_name() is of no use.
UNQUALIFIED = (
    "Note: this machine's name is not qualified, so every sendmail and newaliases sleeps for 60 seconds: "
    "give it a name with a dot in /etc/hosts (ADDRESS host.example.org host)."
)


def die_with_parent(by: signal.Signals) -> Callable[[], None]:
    """For ``Popen(preexec_fn=…)``: the child gets ``by`` when its parent dies, however that dies."""
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(by))

    return ask


def qualify_host_name() -> bool:
    """Gives this process and its children a host name with a dot, if the machine has none; says whether it has one now.

    sendmail, newaliases too, sleeps for 60 seconds before it reads its configuration on a host whose name nobody can
    qualify. In a UTS namespace of its own only this process sees the other name.
    """
    name = host_name()
    if "." in name:
        return True
    if not own_uts_namespace():
        return False
    socket.sethostname(f"{name}.localdomain")
    return True


def own_uts_namespace() -> bool:
    """Needs root (CAP_SYS_ADMIN) or, for others, a kernel that lets them have a user namespace around it."""
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        return bool(unshare(CLONE_NEWUTS) == 0)
    if unshare(CLONE_NEWUSER | CLONE_NEWUTS):
        return False
    # Everybody stays who they are. Without "deny" the kernel takes no map of groups.
    for file, content in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", file).write_text(content)
    return True


def host_name() -> str:
    """This host's name, qualified when a look-up finds it so: by the look-up that sendmail makes (daemon.c)."""
    short = socket.gethostname()
    try:
        canonical, aliases, _ = socket.gethostbyname_ex(short)
    except OSError:
        return short
    return next((name for name in (short, canonical, *aliases) if "." in name), short)
