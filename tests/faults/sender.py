"""A stranger who sends mail all the while: ``python -m tests.faults.sender PORT ANSWERS``, until SIGTERM.

Asks the same questions again and again, each time in a session of its own and besides in one that stays open, and
writes into the file ANSWERS how often each was answered as it must be, every other answer, and when nobody listened.
Says on its standard output, a line each, that a round of questions has been asked in both.
"""

from __future__ import annotations

import json
import signal
import smtplib
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

STRANGER = "127.0.0.2"
SOMEONE = "someone@elsewhere.example"
#: (sender, recipient, code, words): true in every state that is published meanwhile.
QUESTIONS = [
    (SOMEONE, "steady@here.example", 250, ""),
    (SOMEONE, "user@partner.example", 250, ""),
    (SOMEONE, "user@foreign.example", 550, "Relaying denied"),
    ("spam@bad.example", "steady@here.example", 550, "Access denied"),
    (SOMEONE, "away@here.example", 551, "moved"),
]
PAUSE = 0.01
#: sendmail opens its maps for each session, and refuses one that changes between its look at it and its opening
#: ("file changed after open", map.c), as after a rename by hand too. That can happen for about 0.15 ms a rename.
PUT_OFF = "4.3.0 Temporary system failure"
#: Without the access map nothing is answered but that. Without the virtusertable what it refuses is queued until it can
#: be asked.
QUEUED = ("away@here.example", 250, "will queue")


@dataclass
class Answers:
    """What was heard."""

    right: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    #: Sessions in which a question was put off: see :data:`PUT_OFF`.
    put_off: int = 0
    #: Sessions that came about, and for how many seconds in a row none did.
    sessions: int = 0
    gaps: list[float] = field(default_factory=list)
    #: Since when nobody listens, and when somebody last did.
    silent_since: float = 0.0
    last: float = 0.0

    def heard(self) -> None:
        self.sessions += 1
        self.last = time.monotonic()
        if self.silent_since:
            self.gaps.append(round(self.last - self.silent_since, 3))
            self.silent_since = 0.0

    def silence(self) -> None:
        self.silent_since = self.silent_since or time.monotonic()

    def note(self, kind: str, question: tuple[str, str, int, str], code: int, text: str) -> None:
        _sender, recipient, wanted, words = question
        if code == wanted and words in text:
            self.right[f"{kind}: {wanted} for {recipient}"] += 1
        else:
            self.wrong.append(f"{kind}: {recipient} was answered {code} {text}")


def connect(port: int) -> smtplib.SMTP | None:
    """None when nobody listens."""
    with suppress(OSError):  # smtplib's own errors are among them
        session = smtplib.SMTP("127.0.0.1", port, source_address=(STRANGER, 0), timeout=20)
        session.ehlo("stranger.example")
        return session
    return None


def ask(session: smtplib.SMTP, kind: str, answers: Answers, *, fresh: bool) -> None:
    if fresh and put_off(session):
        answers.put_off += 1
        return
    for question in QUESTIONS:
        sender, recipient, _code, _words = question
        code, text = session.mail(sender)
        if code == 250:
            code, text = session.rcpt(recipient)
        said = text.decode("ascii", "replace")
        if fresh and (recipient, code) == QUEUED[:2] and QUEUED[2] in said:
            answers.put_off += 1
        else:
            answers.note(kind, question, code, said)
        session.rset()


def put_off(session: smtplib.SMTP) -> bool:
    """Whether this session has a map that could not be opened, and so gets to hear nothing else."""
    code, text = session.mail(SOMEONE)
    if code == 250:
        code, text = session.rcpt(QUESTIONS[0][1])
    session.rset()
    return code == 451 and PUT_OFF in text.decode("ascii", "replace")


def rounds(port: int, answers: Answers) -> Iterator[bool]:
    """Whether both sessions came about. The open one is begun anew only when the daemon has ended it."""
    staying = None
    while True:
        session = connect(port)
        if session is None:
            answers.silence()
        else:
            answers.heard()
            try:
                ask(session, "a new session", answers, fresh=True)
                session.quit()
            except OSError as error:
                answers.wrong.append(f"a session broke off: {error!r}")
        staying = staying or connect(port)
        if staying:
            try:
                ask(staying, "an open session", answers, fresh=False)
            except OSError as error:
                answers.wrong.append(f"the open session broke off: {error!r}")
                staying = None
        yield bool(session and staying)


def main() -> None:
    port, path = int(sys.argv[1]), Path(sys.argv[2])
    answers, stopped = Answers(), []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    for asked in rounds(port, answers):
        if asked:
            sys.stdout.write("asked\n")
            sys.stdout.flush()
        if stopped:
            break
        time.sleep(PAUSE)
    path.write_text(json.dumps(vars(answers)))


if __name__ == "__main__":
    main()
