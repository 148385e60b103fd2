"""What MAILADMIN_AUDIT_SYSLOG may be."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from mailadmin import environment


@pytest.mark.parametrize(
    ("given", "kind", "address", "port"),
    [
        ("/dev/log", "unix", "/dev/log", 0),
        ("udp://log.example.org:514", "udp", "log.example.org", 514),
        ("tcp://192.0.2.1:601", "tcp", "192.0.2.1", 601),
        ("tcp://[2001:db8::1]:601", "tcp", "2001:db8::1", 601),
    ],
)
def test_a_server_is_named_by_a_path_or_an_address(
    monkeypatch: pytest.MonkeyPatch, given: str, kind: str, address: str, port: int
) -> None:
    monkeypatch.setenv("MAILADMIN_AUDIT_SYSLOG", given)
    target = environment.syslog("MAILADMIN_AUDIT_SYSLOG")
    assert target == (kind, address, port)
    assert str(target) == given


@pytest.mark.parametrize(
    "given", ["log.example.org", "udp://log.example.org", "tls://h:6514", "tcp://h:x", "tcp://:601", "tcp://h:601/x"]
)
def test_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("MAILADMIN_AUDIT_SYSLOG", given)
    with pytest.raises(ImproperlyConfigured, match="Set it to /dev/log, udp://HOST:PORT or tcp://HOST:PORT"):
        environment.syslog("MAILADMIN_AUDIT_SYSLOG")


def test_nothing_is_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILADMIN_AUDIT_SYSLOG", " ")
    assert environment.syslog("MAILADMIN_AUDIT_SYSLOG") is None
