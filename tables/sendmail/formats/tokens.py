"""An address taken apart as sendmail does it: into atoms, operators and quoted strings (parseaddr.c, prescan, 8.17)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_OPERATORS = frozenset(".:%@!^/[]+<>,;")  # OperatorChars of every configuration made from cf/, and prescan's own
_BLANKS = frozenset(" \t\n\v\f\r")

#: A character, with the backslash before it.
_PART = re.compile(r"\\?.", re.DOTALL)

_OPERATOR, _ATOM, _QUOTED, _BLANK = range(4)

#: A byte 0xFF, which prescan does not tell from DEL, as text.py writes it.
_EIGHT_ONES = "\uf7ff"


@dataclass(slots=True)
class Scan:
    """``tokens`` up to the delimiter; ``clean``: nothing had to be completed; ``size``: characters before it."""

    tokens: list[str] = field(default_factory=list)
    clean: bool = True
    size: int = 0


def _kind(char: str) -> int:
    if char in _OPERATORS:
        return _OPERATOR
    if char == '"':
        return _QUOTED
    return _BLANK if char in _BLANKS else _ATOM


class _Scanner:
    """The state of prescan between two characters."""

    def __init__(self, text: str, delimiter: str) -> None:
        self.text, self.delimiter = text, delimiter
        self.at = 0
        self.state = _ATOM
        self.found = Scan()
        self.token = ""
        self.escaped = False  # a backslash came before
        self.comments = self.angles = 0

    def run(self) -> Scan:
        while (char := self._read()) is not None:
            self._take(char)
        self._end_token()
        self.found.size = self.at
        return self.found

    def _read(self) -> str | None:
        """The next character; at the end those that are missing, and then nothing."""
        if self.at == len(self.text):
            missing = self._missing()
            self.found.clean = self.found.clean and missing is None
            return missing
        char = self.text[self.at]
        if char == self.delimiter and not self.comments and not self.angles and self.state != _QUOTED:
            return None
        self.at += 1
        return char

    def _missing(self) -> str | None:
        if self.state == _QUOTED:
            return '"'
        if self.comments:
            return ")"
        return ">" if self.angles else None

    def _take(self, char: str) -> None:
        if self.escaped:
            self.escaped = False
            if self.comments:
                return
            if char != "!" or self.state == _QUOTED:
                self.token += "\\" + char
                return
        if char == "\\":
            self.escaped = True
            self._enter(_ATOM, "")
        elif self.state == _QUOTED or not self._is_left_out(char):
            self._enter(_kind(char), "\x7f" if char == _EIGHT_ONES else char)

    def _is_left_out(self, char: str) -> bool:
        """Whether a character outside quotes is one of a comment, or a bracket that closes nothing."""
        if char == "(":
            self.comments += 1
        elif char == ")" and self.comments:
            self.comments -= 1
            self._enter(_BLANK, "")
        elif char == ")" or (char == ">" and not self.angles and not self.comments):
            self.found.clean = False
        elif not self.comments:
            self.angles += (char == "<") - (char == ">")
            return False
        return True

    def _enter(self, kind: int, char: str) -> None:
        """Go on in the token at hand, or begin the next one."""
        if self.state == _QUOTED:
            self.token += char
            self.state = _OPERATOR if kind == _QUOTED else _QUOTED
            return
        if self.state != _BLANK and not (self.state == kind == _ATOM):
            self._end_token()
        self.state = kind
        if kind != _BLANK:
            self.token += char

    def _end_token(self) -> None:
        if self.token:
            self.found.tokens.append(self.token)
            self.token = ""


def scan(text: str, delimiter: str = "") -> Scan:
    """The tokens of ``text`` up to ``delimiter`` outside quotes, comments and angle brackets.

    Quotes and brackets that do not match are completed as sendmail does, which then complains; what stands in
    parentheses is dropped.
    """
    return _Scanner(text, delimiter).run()


def joined(tokens: list[str]) -> str:
    """The tokens as one address: a dot stands between two atoms."""
    text = ""
    atom = False
    for token in tokens:
        text += f".{token}" if atom and _kind(token[0]) == _ATOM else token
        atom = _kind(token[0]) == _ATOM
    return text


def unquoted(token: str) -> str | None:
    """``token`` without its quotes; ``None`` when it has none, or could not be read without them (dequote_map)."""
    parts = _PART.findall(token)
    bare = "".join(part for part in parts if part != '"')
    if '"' not in parts or " " in parts or "\t" in parts or parts[-1] == "\\":
        return None
    return bare if scan(bare).clean and parts.count("(") == parts.count(")") else None
