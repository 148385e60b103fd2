"""Text of other kinds: templates, markup, data formats, differences."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tables.sendmail.looks.base import Head, Look, Numbered, first_of, on_line

_RENDER = "Render the template first."
_ENTRIES = "Write its entries as lines of the table and import those."
_TABLE = "Give the table's own file, not what it is made or configured with."

_JINJA_TAG = re.compile(r"\{%[-+]?\s*\w.*%\}|\{#.*#\}")
_JINJA_VALUE = re.compile(r"\{\{[-~{#^/&>]?\s*[\w.$'\"\[(|].*?\}\}")
_ERB = re.compile(r"<%[-=#|%]?\s.*%>|<%-?\s|\s-?%>\s*$")
_M4 = re.compile(r"\b(?:define|undefine|include|sinclude|ifdef|ifelse|pushdef|divert|changequote)\(`?|^dnl\b|\sdnl\b")
_MC = re.compile(
    r"^(?:VERSIONID|OSTYPE|DOMAIN|FEATURE|MAILER|MAILER_DEFINITIONS|MASQUERADE_\w+|LOCAL_(?:CONFIG|DOMAIN|RULE\w*|"
    r"RULESETS|NET_CONFIG)|DAEMON_OPTIONS|CLIENT_OPTIONS|INPUT_MAIL_FILTER|EXPOSED_USER\w*|VIRTUSER_DOMAIN\w*|"
    r"GENERICS_DOMAIN\w*|RELAY_DOMAIN\w*)(?:\(|\s*$)"
)
_CF = re.compile(
    r"^(?:V\d+/\w+|O [A-Z]\w+ ?= ?|R\$[*+\-=&~|@#]|M\w+,\s+P=|D[A-Za-z]\S*\s*$|S[A-Za-z]\w*(?:=\d+)?\s*$|"
    r"K\w+ \w+ \S|C[A-Za-z{]\S*|F[A-Za-z{]/\S+|H(?:\?\S*\?)?[A-Z][\w-]*: )"
)
_CF_SURE = re.compile(r"^(?:V\d+/\w+|O [A-Z]\w+ ?= ?|R\$[*+\-=&~|@#]|M\w+,\s+P=)")
_PEM = re.compile(r"^-----BEGIN [A-Z0-9 ]+-----\s*$")
_MARKUP = re.compile(
    r"\A\s*(?:<\?xml\b|<!DOCTYPE\b|<(?:html|head|body|svg|table|plist|configuration)\b)", re.IGNORECASE
)
_CLOSING = re.compile(r"</[A-Za-z][\w:.-]*\s*>")
_JSON = re.compile(r"\A\s*(?:\{\s*(?:\"[^\"\n]*\"\s*:|\}\s*\Z)|\[\s*[\"{\[])")
_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@|^diff (?:--git|-\w+) |^\*{15}$")
_OLD_HUNK = re.compile(r"^\d+(?:,\d+)?[acd]\d+(?:,\d+)?$")
_SCRIPT = re.compile(r"^#!\s*/\S*/(?:env\s+)?\S*(?:sh|perl|python[\d.]*|awk|sed|ruby|php)\b")
_YAML_KEY = re.compile(r"^[\w.'\"*@-]+:\s*(?:#.*)?$")
_YAML_INNER = re.compile(r"^[ ]+(?:- )?['\"]?[\w.-]+['\"]?:(?:\s+\S.*|\s*)$")
_YAML_ITEM = re.compile(r"^[ ]*- \S")
_SETTING = re.compile(r"^\s*(?:[\w.-]+\s*=(?:\s|$)|\[[\w .:-]+\]\s*$)")


def text_format(head: Head) -> Look | None:
    return first_of(_looks(head))


def _looks(head: Head) -> Iterator[Look]:
    for find in (_pem, _markup, _json, _diff, _script, template, _mc, _m4, _cf, _yaml):
        if look := find(head):
            yield look


def template(head: Head) -> Look | None:
    """A template of one of the languages that configuration management fills files with."""
    for pattern, what, shown in (
        (_JINJA_TAG, "a Jinja template", "{% … %}"),
        (_JINJA_VALUE, "a Jinja template", "{{ … }}"),
        (_ERB, "an ERB or EPP template", "<% … %>"),
    ):
        if found := head.found(pattern):
            return Look(what, on_line(shown, found), _RENDER, found[0][0])
    return None


def _pem(head: Head) -> Look | None:
    if found := head.found(_PEM):
        return Look("a certificate or key (PEM)", on_line("-----BEGIN", found), _TABLE, found[0][0])
    return None


def _markup(head: Head) -> Look | None:
    text = "\n".join(line for _number, line in head.lines)
    if not _MARKUP.match(text) and not (head.first.startswith("<") and len(head.found(_CLOSING)) > 1):
        return None
    what = "XML" if "<?xml" in text[:200].lower() else "HTML or XML"
    return Look(what, "it begins with a tag", _ENTRIES, head.written[0][0])


def _json(head: Head) -> Look | None:
    text = "\n".join(line for _number, line in head.written)
    if _JSON.match(text):
        return Look("JSON", f"it begins with {text.lstrip()[0]}", _ENTRIES, head.written[0][0])
    return None


def _diff(head: Head) -> Look | None:
    remedy = "Apply it to the file with patch and import that."
    if found := head.found(_HUNK):
        return Look("a difference of two files (patch)", on_line("the head of a hunk", found), remedy, found[0][0])
    sides = head.found(re.compile(r"^[<>] "))
    if sides and (found := head.found(_OLD_HUNK)):
        return Look("a difference of two files (diff)", on_line("the head of a hunk", found), remedy, found[0][0])
    return None


def _script(head: Head) -> Look | None:
    if head.lines and _SCRIPT.match(head.lines[0][1]):
        return Look("a script", on_line("#!", head.lines), _TABLE, 1)
    return None


def _mc(head: Head) -> Look | None:
    found = head.found(_MC)
    if len(found) > 1 or (found and head.found(_M4)):
        return Look("sendmail.mc", on_line(_word(found[0]), found), _TABLE, found[0][0])
    return None


def _m4(head: Head) -> Look | None:
    found = head.found(_M4)
    if any("`" in line for _number, line in found) or len(found) > 1:
        return Look("a template for m4", on_line(_word(found[0]), found), _RENDER, found[0][0])
    return None


def _cf(head: Head) -> Look | None:
    found = head.found(_CF)
    if len(found) > 1 and (sure := head.found(_CF_SURE)):
        return Look("sendmail.cf", on_line(f"“{_word(sure[0])}”", sure), _TABLE, sure[0][0])
    return None


def _yaml(head: Head) -> Look | None:
    if head.first.rstrip() == "---":
        return Look("YAML", on_line("---", head.written), _ENTRIES, head.written[0][0])
    outer, inner, listed = head.found(_YAML_KEY), head.found(_YAML_INNER), head.found(_YAML_ITEM)
    if outer and (len(inner) > 1 or len(listed) > 1) and 2 * len([*inner, *listed, *outer]) > len(head.written):
        return Look("YAML", on_line("a name above indented values", outer), _ENTRIES, outer[0][0])
    return None


def settings(head: Head) -> Look | None:
    found = head.found(_SETTING)
    if len(found) > 2 and 10 * len(found) >= 8 * len(head.entries):
        because = f"{len(found)} of {len(head.entries)} lines set a name with ="
        return Look("a file of settings (name = value)", because, _TABLE, found[0][0])
    return None


def separated(head: Head) -> Look | None:
    """A spreadsheet's text: as many columns in every line, and no blank before the first separator."""
    lines = head.entries
    if len(lines) < 2:
        return None
    for separator, name in ((",", "commas"), (";", "semicolons")):
        field = rf"(?:\"[^\"]*\"|[^{separator}\"\s:]*|[A-Za-z_]+:[^{separator}\"\s:]*)"
        first = re.compile(rf"^(?:\"[^\"]*\"|{field}){separator}")
        widths = {_columns(line, separator) for _number, line in lines if first.match(line)}
        matching = sum(bool(first.match(line)) for _number, line in lines)
        if matching == len(lines) and len(widths) == 1:
            because = f"{len(lines)} lines of {widths.pop()} columns between {name}"
            return Look("CSV", because, _ENTRIES, lines[0][0])
    return None


def _columns(line: str, separator: str) -> int:
    return len(re.sub(r"\"[^\"]*\"", "", line).split(separator))


def _word(found: Numbered) -> str:
    return re.split(r"[\s(`]", found[1].strip(), maxsplit=1)[0]
