"""Two services of the Linux kernel that Python's standard library does not offer before 3.12."""

import ctypes
import signal
import socket
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
CLONE_NEWUTS = 0x04000000
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
    qualify. In a UTS namespace of its own only this process sees the other name. Needs root (CAP_SYS_ADMIN).
    """
    name = host_name()
    if "." in name:
        return True
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUTS):
        return False
    socket.sethostname(f"{name}.localdomain")
    return True


def host_name() -> str:
    """This host's name, qualified when a look-up finds it so: by the look-up that sendmail makes (daemon.c)."""
    short = socket.gethostname()
    try:
        canonical, aliases, _ = socket.gethostbyname_ex(short)
    except OSError:
        return short
    return next((name for name in (short, canonical, *aliases) if "." in name), short)
