"""The core says what is live; the real makemap and newaliases build it. Both must say the same."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from deploy import sendmail_cf
from tables.sendmail.render import map_pair
from tables.sendmail.spec import Kind
from tables.sendmail.tables import TABLES
from tests.core.cases import CASES, Case
from tests.core.corpus import CORPUS, Sample
from tests.core.reading import again, entries
from tests.core.test_cases import ELSEWHERE, MAP, REFUSED_BY_US
from tests.core.test_round_trip import ACCEPTED
from tests.core.test_sample import SAMPLE
from tests.integration.lab import run_offline

pytestmark = pytest.mark.sendmail

#: The host of the cases, made a local name here.
HOST = "mx.test.example"

#: A file that holds most of what makemap refuses, and what it keeps.
REFUSED_IN_MAPS = (
    b" leading\tblank\nkey\n\r\na@x.example\tb\nA@X.example\tc\n"
    b"k@x.example\t" + b"x" * 2000 + b"\n#" + b"y" * 3000 + b"\nnul@x.example\ta\0b\nend@x.example\tz"
)
REFUSED_IN_ALIASES = (
    b" a: root\n\n\tb: root\nno colon\nc: root\nC: daemon\nd@elsewhere.example: root\ne:\n\r\n"
    b"f: " + b"x" * 9000 + b"\n# " + b"y" * 9000 + b"\n /g: root\n|h: root\ni: root\\"
)

Pairs = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Built:
    """What a build left: whether it took every line, what it said and what stands in the map."""

    whole: bool
    said: str
    pairs: Pairs


Build = Callable[[bytes], Built]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A directory that sendmail trusts: nobody else can write to it or above it."""
    path = Path(__file__).parents[2] / "var" / "tests" / f"core-{uuid4().hex}"
    path.mkdir(mode=0o755, parents=True)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def makemap(folder: Path) -> Build:
    def build(data: bytes) -> Built:
        done = subprocess.run(["makemap", "hash", str(folder / "map")], input=data, capture_output=True, check=False)
        return Built(done.returncode == 0, done.stderr.decode(), dump(folder / "map"))

    return build


@pytest.fixture(scope="module")
def newaliases(folder: Path) -> Build:
    sendmail_cf.build(folder / "sendmail.cf", mail_dir=folder, map_type="hash")
    (folder / "local-host-names").write_text(f"{HOST}\n")
    (folder / "service.switch").write_text("hosts files\naliases files\n")
    with (folder / "sendmail.cf").open("a") as cf:  # no name may wait for the DNS
        cf.write(f"O ServiceSwitchFile={folder}/service.switch\n")

    def build(data: bytes) -> Built:
        (folder / "aliases").write_bytes(data)
        (folder / "aliases").chmod(0o644)
        command = ["sendmail", "-C", str(folder / "sendmail.cf"), "-bi"]
        done = run_offline(command)
        said = (done.stdout + done.stderr).decode(errors="replace")
        pairs = [(key, value) for key, value in dump(folder / "aliases") if (key, value) != (b"@", b"@")]
        return Built(done.returncode == 0 and len(said.splitlines()) == 1, said, pairs)

    return build


def dump(path: Path) -> Pairs:
    """What is in a map; aliases end keys and values with a NUL, which is taken off."""
    done = subprocess.run(["makemap", "-u", "-t", "\x01", "hash", str(path)], capture_output=True, check=True)
    lines = done.stdout.replace(b"\0", b"").split(b"\n")[:-1]
    return sorted((key, value) for key, _, value in (line.partition(b"\x01") for line in lines))


def ours(table: str, data: bytes) -> Pairs:
    return sorted(map_pair(TABLES[table], entry) for entry in entries(table, data) if entry.enabled)


def agree(table: str, data: bytes, build: Build) -> None:
    """What is live by our reading is what the program stores, of the file as it is and of what we write for it."""
    built = build(data)
    assert built.pairs == ours(table, data), built.said
    out = again(table, data)
    if built.whole and b"\0" not in data:  # what stands behind a NUL is dropped without a word
        assert out == data
    if out != data:
        after = build(out)
        assert after.whole, after.said
        assert after.pairs == built.pairs


def ended(data: bytes) -> bytes:
    """The file of a case: its lines had their line ends."""
    return data if data.endswith(b"\n") else data + b"\n"


TEXT_CASES = [case for case in CASES if case.table in TABLES or case.table == MAP.name]
MAP_CASES = [
    case for case in TEXT_CASES if case.probe not in ELSEWHERE and case.table in ("map", "access", "virtusertable")
]
ALIAS_CASES = [case for case in TEXT_CASES if case.table == "aliases" and case.data not in REFUSED_BY_US]


@pytest.mark.parametrize("case", MAP_CASES, ids=str)
def test_makemap_stores_what_the_core_reads_in_a_case(case: Case, makemap: Build) -> None:
    agree("virtusertable", ended(case.data), makemap)


@pytest.mark.parametrize("case", ALIAS_CASES, ids=str)
def test_newaliases_stores_what_the_core_reads_in_a_case(case: Case, newaliases: Build) -> None:
    agree("aliases", case.data, newaliases)


@pytest.mark.parametrize("sample", [s for s in CORPUS if TABLES[s.table].kind is Kind.MAP], ids=str)
def test_makemap_stores_what_the_core_reads_in_a_real_file(sample: Sample, makemap: Build) -> None:
    agree(sample.table, sample.path.read_bytes(), makemap)


@pytest.mark.parametrize("sample", [s for s in CORPUS if s.table == "aliases"], ids=str)
def test_newaliases_stores_what_the_core_reads_in_a_real_file(sample: Sample, newaliases: Build) -> None:
    agree("aliases", sample.path.read_bytes(), newaliases)


@pytest.mark.parametrize("data", [*(text for table in ("access", "virtusertable") for text in ACCEPTED[table])])
def test_makemap_takes_whole_what_we_call_accepted(data: bytes, makemap: Build) -> None:
    built = makemap(data)
    assert built.whole, built.said
    assert built.pairs == ours("access", data)


@pytest.mark.parametrize("data", ACCEPTED["aliases"])
def test_newaliases_takes_whole_what_we_call_accepted(data: bytes, newaliases: Build) -> None:
    built = newaliases(data)
    assert built.whole, built.said
    assert built.pairs == ours("aliases", data)


@pytest.mark.parametrize("table", [name for name, spec in TABLES.items() if spec.kind is Kind.MAP])
def test_makemap_takes_the_sample_set_whole(table: str, makemap: Build) -> None:
    data = (SAMPLE / table).read_bytes()
    built = makemap(data)
    assert built.whole, built.said
    assert built.pairs == ours(table, data)


def test_newaliases_takes_the_sample_set_whole(newaliases: Build) -> None:
    data = (SAMPLE / "aliases").read_bytes()
    built = newaliases(data)
    assert built.whole, built.said
    assert built.pairs == ours("aliases", data)


def test_lines_that_makemap_refuses_are_switched_off_so_that_it_takes_the_rest(makemap: Build) -> None:
    assert not makemap(REFUSED_IN_MAPS).whole
    after = makemap(again("virtusertable", REFUSED_IN_MAPS))
    assert after.whole, after.said
    assert after.pairs == ours("virtusertable", REFUSED_IN_MAPS)
    assert after.pairs == [(b"a@x.example", b"b"), (b"end@x.example", b"z")]


def test_lines_that_newaliases_refuses_are_switched_off_so_that_it_takes_the_rest(newaliases: Build) -> None:
    assert not newaliases(REFUSED_IN_ALIASES).whole
    after = newaliases(again("aliases", REFUSED_IN_ALIASES))
    assert after.whole, after.said
    assert after.pairs == ours("aliases", REFUSED_IN_ALIASES)
    assert [key for key, _ in after.pairs] == [b"c", b"i"]
