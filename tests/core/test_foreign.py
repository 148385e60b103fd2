"""Files that are not sendmail's are recognised, and every file that may be a table's is let through."""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import zipfile
from bz2 import compress as bzip2
from pathlib import Path

import pytest

from tables.sendmail.foreign import HEAD, look
from tables.sendmail.spec import Grade, Problem
from tables.sendmail.tables import TABLES
from tests.core.cases import CASES
from tests.core.corpus import CORPUS, FOLDER

SAMPLE = Path(__file__).parents[2] / "sample"
ALL = tuple(TABLES)


def looked(table: str, data: bytes) -> Problem | None:
    return look(TABLES[table], io.BytesIO(data))


def said(table: str, data: bytes) -> str:
    found = looked(table, data)
    return found.message if found else ""


def zipped(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return target.getvalue()


ALIASES = b"# people\npostmaster: root\nroot: alice\nsales: alice,\n\tbob\n"

#: What it is called, and a file of that kind: refused for all seven tables.
FOREIGN: list[tuple[str, bytes]] = [
    ("a built map", b"\0" * 12 + struct.pack("<I", 0x061561) + b"\0" * 100),
    ("a built map", b"\0" * 12 + struct.pack(">I", 0x053162) + b"\0" * 100),
    ("a gzip archive", gzip.compress(ALIASES)),
    ("a bzip2 archive", bzip2(ALIASES)),
    ("an xz archive", lzma.compress(ALIASES)),
    ("a zip archive", zipped("aliases")),
    ("a spreadsheet", zipped("[Content_Types].xml", "xl/workbook.xml")),
    ("a program (ELF)", b"\x7fELF\x02\x01\x01" + b"\0" * 60),
    ("a PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    ("a picture (PNG)", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    ("a picture (JPEG)", b"\xff\xd8\xff\xe0\0\x10JFIF\0"),
    ("a picture (GIF)", b"GIF89a\x01\0\x01\0"),
    ("text in UTF-16", "postmaster: root\r\n".encode("utf-16")),
    ("text in UTF-16", b"\xfe\xff" + "a@x.example\tb\r\n".encode("utf-16-be")),
    ("a binary file", bytes(range(256)) * 20),
    ("a Jinja template", b"# made by us\n{% for k, v in t.items() %}\n{{ k }}\t{{ v }}\n{% endfor %}\n"),
    ("a Jinja template", b"postmaster: root\nroot: {{ admin_mail | default('x') }}\n"),
    ("an ERB or EPP template", b"<% @entries.each do |key, value| -%>\n<%= key %>\t<%= value %>\n<% end -%>\n"),
    ("an ERB or EPP template", b"<%- | Hash $map | -%>\n<% $map.each |$k, $v| { -%>\n"),
    ("a template for m4", b"define(`DOMAIN', `example.com')dnl\nDOMAIN\tsales\n"),
    ("sendmail.mc", b"divert(-1)dnl\nVERSIONID(`x')\nOSTYPE(`debian')dnl\nMAILER(`smtp')dnl\n"),
    ("sendmail.cf", b"V10/Berkeley\nCwlocalhost\nO QueueDirectory=/var/spool/mqueue\nSparse=0\nR$* $: $1\n"),
    ("Postfix’s main.cf", b"myhostname = mx.example.com\nalias_maps = hash:/etc/aliases\nmydestination = a, b\n"),
    ("Postfix’s main.cf", b"# x\nvirtual_alias_maps = hash:/etc/postfix/virtual, regexp:/etc/postfix/more\n"),
    ("Postfix’s master.cf", b"smtp      inet  n       -       y       -       -       smtpd\n  -o a=b\n"),
    ("a table of regular expressions", b"/^root@/\tREJECT\n/\\.example\\.net$/\tDUNNO\n"),
    ("a table of regular expressions", b"if /^a/\n/^abc@/ OK\nendif\n"),
    ("Postfix’s access", b"# ACCESS(5)\n# NAME\n#  access - Postfix SMTP server access table\n#  OK, REJECT, DUNNO\n"),
    ("Postfix’s access", b"# postmap /etc/postfix/access\n192.0.2.1 REJECT\nexample.com OK\n"),
    ("Postfix’s access", b"192.0.2.1\tREJECT\nexample.com\tDUNNO\n"),
    ("Postfix’s access", b"a.example FILTER smtp:[b.example]\nb.example HOLD spam\nc.example permit_mynetworks\n"),
    (
        "Postfix’s transport",
        b"example.com\tsmtp:[mx.example.com]:2525\n.example.com\tlmtp:unix:/run/lmtp\n*\trelay:[h]\n",
    ),
    ("Postfix’s transport", b"a.example smtp:[b.example]:25\nc.example relay:[d.example]:26\n"),
    ("Postfix’s virtual", b"example.com\tanything\ninfo@example.com\talice\n@example.com\tbob\n"),
    ("Postfix’s virtual", b"# virtual - Postfix virtual alias table format\n# x\n"),
    ("exim’s configuration", b"domainlist local_domains = @ : example.com\nbegin acl\n  accept hosts = :\n"),
    (
        "exim’s configuration",
        b"system_aliases:\n  driver = redirect\n  data = ${lookup{$local_part}lsearch{/etc/aliases}}\n",
    ),
    ("a file of qmail", b"=alice:alice:1000:1000:/home/alice:::\n+list-:list:1001:1001:/home/list:-::\n.\n"),
    ("a file of qmail", b'127.:allow,RELAYCLIENT=""\n192.0.2.:deny\n:allow\n'),
    ("a file of qmail", b"&alice@example.com\n./Maildir/\n"),
    ("a passwd or group file", b"root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/sh\n"),
    ("a script", b"#!/bin/sh\nnewaliases\nmakemap hash access < access\n"),
    ("HTML or XML", b"<!DOCTYPE html>\n<html><body>404</body></html>\n"),
    ("XML", b'<?xml version="1.0"?>\n<aliases><alias name="a">b</alias></aliases>\n'),
    ("HTML or XML", b"<map>\n<entry>a</entry>\n<entry>b</entry>\n</map>\n"),
    ("JSON", b'{"postmaster": "root",\n "sales": ["alice", "bob"]}\n'),
    ("JSON", b'[\n  {"key": "a"}\n]\n'),
    ("YAML", b"---\npostmaster: root\nsales: [alice, bob]\n"),
    ("YAML", b"# x\nexample.com:\n  mailer: 'ESMTP'\n  host: '192.0.2.1'\n  port: 25\n"),
    ("YAML", b"sales:\n  - alice\n  - bob\n"),
    ("a certificate or key", b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
    ("CSV", b"key,value\nsales,alice\npress,bob\n"),
    ("CSV", b'"info@example.com";"alice"\n"sales@example.com";"bob"\n'),
    ("CSV", b"Connect:192.0.2.1,REJECT\nFrom:spam.example,REJECT\n"),
    ("a difference of two files", b"--- a/aliases\n+++ b/aliases\n@@ -1,2 +1,2 @@\n-sales: alice\n+sales: bob\n"),
    ("a difference of two files", b"3c3\n< sales: alice\n---\n> sales: bob\n"),
    ("a file of settings", b"[mail]\nhost = mx.example.com\nport = 25\nuser = x\n"),
]


@pytest.mark.parametrize(("what", "data"), FOREIGN, ids=[f"{n}-{what}" for n, (what, _) in enumerate(FOREIGN)])
def test_what_was_made_for_something_else_is_refused_for_every_table(what: str, data: bytes) -> None:
    for table in ALL:
        assert f"{table} looks like {what}" in said(table, data), table


#: A table's own file, given as the other ones that are named.
MISPLACED: list[tuple[str, bytes, tuple[str, ...]]] = [
    ("aliases", ALIASES, tuple(name for name in ALL if name != "aliases")),
    ("aliases", b"MAILER-DAEMON:postmaster\npostmaster:root\n", ("virtusertable", "mailertable", "access")),
    (
        "virtusertable",
        b"info@example.com\talice\n@example.net\tbob@example.org\nabuse@example.com\terror:nouser 550 No\n",
        ("aliases", "relay-domains", "local-host-names"),
    ),
    ("virtusertable", b"".join(b"u%d@example.com\tbox\n" % n for n in range(11)), ("aliases", "access", "mailertable")),
    ("genericstable", b"alice\talice@example.com\nbob\tb@example.com\n", ("aliases", "relay-domains")),
    (
        "genericstable",
        b"".join(b"u%d\tu@example.com\n" % n for n in range(11)),
        ("virtusertable", "mailertable", "access"),
    ),
    (
        "mailertable",
        b"example.com\tesmtp:[mx.example.com]\n.example.net\trelay:hub.example.com\n.\tsmtp:[out.example.com]\n",
        ("aliases", "access", "virtusertable", "genericstable", "relay-domains"),
    ),
    (
        "access",
        b"Connect:192.0.2\tREJECT\nFrom:spam.example\tERROR:5.7.1:550 no\n198.51.100 RELAY\nClientRate:192.0.2\t10\n",
        tuple(name for name in ALL if name != "access"),
    ),
    (
        "relay-domains",
        b"example.com\nexample.net # us\nhost.example.org\nexample.org\nIPv6:2001:db8\n",
        ("aliases", "access", "virtusertable"),
    ),
    (
        "relay-domains",
        b"example.com\nexample.net # us\n192.0.2\n",
        ("aliases", "access", "virtusertable", "genericstable", "mailertable"),
    ),
]


@pytest.mark.parametrize(
    ("table", "data", "others"), MISPLACED, ids=[f"{n}-{t}" for n, (t, _, _) in enumerate(MISPLACED)]
)
def test_another_tables_file_is_named_as_what_it_is(table: str, data: bytes, others: tuple[str, ...]) -> None:
    assert looked(table, data) is None
    for other in others:
        found = looked(other, data)
        assert found, other
        assert table in found.message
        assert f"--table {table}" in found.remedy


FINE: list[tuple[str, bytes]] = [
    ("aliases", b""),
    ("aliases", b"# only a comment\n\n"),
    ("aliases", b'sales:\n\talice,\n\tbob\nlist: :include:/etc/mail/list\nrun: "|/bin/x {a}"\n'),
    ("aliases", b"# Postfix local alias database format\npostmaster: root\n"),
    ("aliases", b"to: alice\nfrom: bob\nrelay: carl\n"),
    ("access", b"Connect:IPv6:2001:db8:0:0:0:0:0:1\tRELAY\nIPv6:2002:1:2:3\tREJECT\n[192.0.2.1]\tOK\n"),
    ("access", b"# we came from Postfix in 2010\nConnect:192.0.2\tREJECT\nexample.com\tHOLD\n"),
    ("access", b"10.1\tDUNNO\n"),
    ("access", b"info@example.com\talice\nsales@example.com\tbob\n"),
    ("virtusertable", b"a@x.example\tb\nmistake\ndomain.example\tanything else\n"),
    ("virtusertable", b"# postmap /etc/postfix/virtual\na@x.example\tb\n"),
    ("virtusertable", b"\xef\xbb\xbfa@x.example\tb\0b\n"),
    ("mailertable", b"example.com\tsmtp:[mx.example.com]\n.\terror:5.1.2:550 no\n"),
    ("mailertable", b"example.com\tesmtp:[mx.example.com]:2525\n"),
    ("relay-domains", b"[192.0.2.1]\nexample.com example.net\nIPv6:2001:db8\n"),
    ("relay-domains", b"[10]\n"),
    ("local-host-names", b"localhost\nexample.com, example.net\n"),
    ("local-host-names", b"\xff\xfe\0a\0b"),
]


@pytest.mark.parametrize(("table", "data"), FINE, ids=[f"{n}-{table}" for n, (table, _) in enumerate(FINE)])
def test_a_table_with_mistakes_in_it_is_a_table(table: str, data: bytes) -> None:
    assert looked(table, data) is None


def test_a_file_that_only_aliases_could_be_is_refused_for_the_others() -> None:
    domains = b"example.com:alice\nexample.net:bob\n"
    assert looked("aliases", domains) is None
    assert "qmail’s virtualdomains" in said("virtusertable", domains)


def test_what_an_alias_may_look_like_is_refused_for_the_others() -> None:
    transport = b"example.com :\nexample.net :[hub.example.net]\n"
    assert looked("aliases", b"sales :root\nmore\t: root\n") is None
    assert "Postfix’s transport" in said("mailertable", transport)


def test_the_sentence_names_the_line_and_what_to_do() -> None:
    found = looked("access", b"# x\n# y\nConnect:{{ host }}\tRELAY\n")
    assert found == Problem(
        "text.foreign",
        Grade.ERROR,
        "access looks like a Jinja template ({{ … }} on line 3), not like sendmail’s access.",
        "Render the template first.",
        line=3,
    )


def test_a_template_is_found_far_below_the_beginning() -> None:
    plain = b"".join(b"user%d@example.com\tbox\n" % number for number in range(200_000))
    assert looked("virtusertable", plain) is None
    found = looked("virtusertable", plain + b"{% for x in y %}\n{{ x }}\tz\n{% endfor %}\n")
    assert found
    assert "{% … %} on line 200001" in found.message
    assert looked("virtusertable", plain + b"# {{ braces }} in a comment\n") is None


def test_a_line_across_the_end_of_the_beginning_is_read_whole() -> None:
    filler = b"# " + b"x" * (HEAD - 20) + b"\n"
    found = looked("access", filler + b"Connect:{{ host_name }}\tRELAY\n")
    assert found
    assert found.line == 2


@pytest.mark.parametrize("sample", CORPUS, ids=str)
def test_no_real_file_is_refused_for_its_own_table(sample: object) -> None:
    with sample.path.open("rb") as stream:  # type: ignore[attr-defined]
        assert look(TABLES[sample.table], stream) is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", sorted((FOLDER / "foreign").glob("*")), ids=lambda path: path.stem)
def test_every_real_file_of_another_kind_is_refused_for_every_table(path: Path) -> None:
    for table in ALL:
        assert said(table, path.read_bytes()), table


@pytest.mark.parametrize("table", ALL)
def test_the_sample_is_let_through(table: str) -> None:
    assert looked(table, (SAMPLE / table).read_bytes()) is None


def test_no_verified_case_is_refused() -> None:
    of = {"class-file": ("relay-domains", "local-host-names"), "map": ("access", "virtusertable", "mailertable")}
    refused = {
        (case.number, table): said(table, case.data)
        for case in CASES
        for table in of.get(case.table, (case.table,))
        if table in TABLES and looked(table, case.data)
    }
    assert refused == {}
