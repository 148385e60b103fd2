"""``make docs``: writes the rules into the pages of the tables, each with an example and what is said of that.

    .venv/bin/python -m tests.docs.write

All below the mark of a page is written anew; a test holds the pages to that.
"""

from __future__ import annotations

from tables.sendmail.spec import Problem
from tables.sendmail.tables import TABLES
from tests.docs.examples import EXAMPLES, Example
from tests.docs.pages import FOLDER, page

MARK = "<!-- rules -->\n"
_PIPE = "\\|"


def written(name: str) -> str:
    """The page ``name`` with its rules: those of a table, or for ``README`` those that are common to all."""
    head, mark, _old = page(name).partition(MARK)
    rows = [_row(rule, example) for rule, example in sorted(EXAMPLES.items()) if _page_of(rule) == name]
    header = ["| rule | grade | example | what is said |", "| --- | --- | --- | --- |"]
    return head + mark + "\n" + "\n".join([*header, *rows]) + "\n"


def _page_of(rule: str) -> str:
    table = rule.partition(".")[0]
    return table if table in TABLES else "README"


def problem_of(rule: str, example: Example) -> Problem:
    """The problem of that rule in the example. Raises ``LookupError`` when there is none."""
    found = [problem for problem in example.problems() if problem.rule == rule]
    if not found:
        raise LookupError(f"The example of {rule} does not break it.")
    return found[0]


def _row(rule: str, example: Example) -> str:
    problem = problem_of(rule, example)
    said = f"{problem.message} {problem.remedy}"
    cells = [f"`{rule}`", str(problem.grade), _shown(example), _escaped(said)]
    return f"| {' | '.join(cells)} |"


def _shown(example: Example) -> str:
    if example.shown:
        return _escaped(example.shown)
    files = "; ".join(f"with {name} {_code(text)}" for name, text in example.beside.items())
    return _code(example.text) + (f" {files}" if files else "")


def _code(text: str) -> str:
    """Each line as code, a line break as an arrow."""
    lines = [f"`{line.replace('|', _PIPE)}`" for line in text.strip("\n").split("\n")]
    return " ⏎ ".join(lines)


def _escaped(text: str) -> str:
    """Text as Markdown that shows it as it is."""
    return text.replace("|", _PIPE).replace("<", "&lt;").replace("*", "\\*").replace("`", "\\`")


def main() -> None:
    for name in ("README", *TABLES):
        (FOLDER / f"{name}.md").write_text(written(name), encoding="utf-8")


if __name__ == "__main__":
    main()
