"""Every verified case through the real programs: what was recorded holds here, and what the panel publishes acts alike.

Three comparisons a case: the map with what the core says is live, the answer with the recorded one, and the answer to
the file that the panel writes for the line with the answer to the line itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tables.sendmail.render import map_pair, render
from tests.core.cases import CASES, MORE_CASES, Case, unescape
from tests.core.test_cases import ELSEWHERE, REFUSED_BY_US, live, read, specs
from tests.integration.lab import Lab, Pairs, new_lab
from tests.integration.probes import Answer, ask

pytestmark = pytest.mark.sendmail

#: What the panel does not publish as it stands, with the reason: (probe or line) → why.
NOT_PUBLISHED: dict[str | bytes, str] = {
    **ELSEWHERE,
    **dict.fromkeys(REFUSED_BY_US, "newaliases stores what nobody means, so the line is switched off and reported"),
}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with new_lab() as made:
        yield made


def ended(data: bytes) -> bytes:
    """The file of a case: its lines had their line ends."""
    return data if data.endswith(b"\n") else data + b"\n"


def published(case: Case) -> bytes:
    """What the panel writes for the file of a case."""
    spec = specs(case)[0]
    return b"".join(render(spec, (parsed.item for parsed in read(spec, ended(case.data)))))


def predicted(case: Case) -> Pairs:
    spec = specs(case)[0]
    return sorted(map_pair(spec, entry) for entry in live(read(spec, ended(case.data))))


def in_words(answer: Answer) -> bytes:
    """The answer as the cases record it: the build, what it stored, and what is made of it."""
    if not answer.told:
        return answer.said.encode()
    status, _, complaint = answer.told.partition("; ")
    parts = [status.encode(), b"stored: " + stored_in_words(answer.stored or []), complaint.encode()]
    return b"; ".join(part for part in [*parts, answer.said.encode()] if part)


def stored_in_words(pairs: Pairs) -> bytes:
    return b"; ".join((key or b"(empty key)") + b" => " + value for key, value in pairs) or b"(nothing)"


def parts(text: bytes) -> list[bytes]:
    """The parts of an answer in one order, for the rows of a hash map have none; the record has lost a double blank."""
    return sorted(re.sub(rb" +\(rc", b" (rc", part) for part in re.split(rb"; | // ", text))


def left_out(case: Case) -> str | None:
    return NOT_PUBLISHED.get(case.probe) or NOT_PUBLISHED.get(case.data)


@pytest.mark.parametrize("case", [*CASES, *MORE_CASES], ids=str)
def test_a_case_holds_here_and_what_the_panel_makes_of_it_acts_alike(case: Case, lab: Lab) -> None:
    given = ended(case.data)
    original = ask(lab, case, given)
    said = in_words(original) if case.probe.startswith(("makemap", "newaliases")) else original.said.encode()
    assert parts(said) == parts(unescape(case.real))
    if left_out(case):
        return
    if original.stored is not None:
        assert original.stored == predicted(case)
    ours = published(case)
    # What the panel writes as it was, the programs have answered just now.
    alike = original if ours == given else ask(lab, case, ours)
    assert (alike.stored, alike.said) == (original.stored, original.said)
    assert re.match(r"(newaliases )?rc=0|\Z", alike.told), alike.told


def test_every_case_is_published_but_for_the_few_with_a_reason() -> None:
    assert len([case for case in (*CASES, *MORE_CASES) if left_out(case)]) == len(NOT_PUBLISHED) == 6
