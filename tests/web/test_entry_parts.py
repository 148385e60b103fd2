"""An entry edited in its parts: what is shown, what is saved, and what no part can say."""

import re

import pytest

from mailadmin.accounts.models import User
from tables.models import Alias, ChangeRequest, Cluster, VirtualUser
from tests.services.editing import approve, delete, save
from tests.web.parts import edit, names_in, posted_of, value_in
from tests.web.visits import address, insist, standing, stands, text, visitor

#: For each table with parts: the parts that a person fills in, and the entry that they make.
MADE = {
    "aliases": ({"key": "Sales", "part-targets": "alice\r\nbob@example.net"}, ("sales", "alice, bob@example.net")),
    "access": (
        {
            "part-tag": "from",
            "part-item": "Spammer@example.net",
            "part-action": "ERROR",
            "part-status": "5.7.1",
            "part-code": "550",
            "part-text": "No",
        },
        ("from:spammer@example.net", 'ERROR:5.7.1:"550 No"'),
    ),
    "virtusertable": (
        {
            "part-user": "info",
            "part-detail": "+*",
            "part-domain": "example.com",
            "part-action": "address",
            "part-address": "alice",
        },
        ("info+*@example.com", "alice"),
    ),
    "genericstable": (
        {"part-user": "alice", "part-detail": "", "part-domain": "", "value": "alice.smith@example.com"},
        ("alice", "alice.smith@example.com"),
    ),
    "mailertable": (
        {
            "part-scope": "one",
            "part-domain": "example.com",
            "part-way": "hosts",
            "part-mailer": "esmtp",
            "part-user": "",
            "part-hosts": "a.example\r\nb.example\r\n",
            "part-direct": "on",
        },
        ("example.com", "esmtp:[a.example]:[b.example]"),
    ),
}
TABLES_IN_PARTS = pytest.mark.parametrize("table", MADE)


@TABLES_IN_PARTS
def test_a_new_entry_is_asked_for_in_parts(alice: User, table: str) -> None:
    page = visitor(alice).get(f"/tables/{table}/add/").content.decode()
    typed = {name for name in MADE[table][0] if name not in ("part-status", "part-code", "part-text")}
    assert typed <= names_in(page)
    assert "As one line" in page


@TABLES_IN_PARTS
def test_parts_are_saved_as_the_entry_that_they_make(alice: User, table: str) -> None:
    parts, (key, value) = MADE[table]
    response = insist(visitor(alice), f"/tables/{table}/add/", {**parts, "enabled": "on"})
    assert response.status_code == 302
    assert standing(table, key).value == value


@TABLES_IN_PARTS
def test_an_entry_is_shown_as_the_parts_it_was_made_of(alice: User, table: str) -> None:
    parts, (key, value) = MADE[table]
    save(alice, table, key, value)

    page = visitor(alice).get(address("entry-edit", table, key)).content.decode()

    for name, said in parts.items():
        words = said.lower().replace("\r\n", "\n").strip()
        assert name in page
        assert words in page.lower()
    assert "does not fit" not in page


@TABLES_IN_PARTS
def test_parts_that_nobody_touched_change_nothing(alice: User, table: str) -> None:
    _parts, (key, value) = MADE[table]
    save(alice, table, key, value)
    response = edit(visitor(alice), table, key)
    assert response.status_code == 422
    assert "Nothing was changed." in text(response)


@pytest.mark.parametrize("table", ["relay-domains", "local-host-names"])
def test_a_table_of_names_has_one_field_and_no_choice_of_form(alice: User, table: str) -> None:
    page = visitor(alice).get(f"/tables/{table}/add/").content.decode()
    assert not [name for name in names_in(page) if name.startswith("part-")]
    assert "As one line" not in page


def test_a_new_entry_opens_with_the_cursor_in_its_first_part(alice: User) -> None:
    page = visitor(alice).get("/tables/virtusertable/add/").content.decode()
    (control,) = re.findall(r"<[^>]* autofocus[^>]*>", page)
    assert 'name="part-user"' in control


def test_an_address_with_a_key_fills_the_parts_in(alice: User) -> None:
    page = visitor(alice).get("/tables/virtusertable/add/?key=info@example.com").content.decode()
    assert (value_in(page, "part-user"), value_in(page, "part-domain")) == ("info", "example.com")


# --- odd spellings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "key", "odd", "changed"),
    [
        ("access", "from:a@b.example", "550 go  away", {"item": "c@b.example"}),
        ("aliases", "sales", "alice,bob ,,carol", {}),
        ("mailertable", "example.com", "ESMTP:[hub.example]", {"domain": "example.net"}),
        ("virtusertable", "a@example.com", "error:5.7.0: 550  gone", {"user": "b"}),
    ],
)
def test_an_odd_spelling_survives_an_edit_beside_it(
    alice: User, bob: User, table: str, key: str, odd: str, changed: dict[str, str]
) -> None:
    save(alice, table, key, odd)
    form = {**posted_of(table, key, **changed), "comment": "edited beside it", "reason": "moved"}

    response = insist(visitor(alice), address("entry-edit", table, key), form)

    assert response.status_code == 302
    if (request := ChangeRequest.objects.latest("pk")).is_open:
        approve(bob, request)
    renamed = {"item": "from:c@b.example", "domain": "example.net", "user": "b@example.com"}
    now = renamed[next(iter(changed))] if changed else key
    assert standing(table, now).value == odd
    assert standing(table, now).comment == "edited beside it"


def test_a_spelling_is_made_canonical_where_it_is_touched(alice: User) -> None:
    save(alice, "access", "from:a@b.example", "550 go  away")
    edit(visitor(alice), "access", "from:a@b.example", status="5.7.1")
    assert standing("access", "from:a@b.example").value == 'ERROR:5.7.1:"550 go  away"'


# --- one line ---------------------------------------------------------------------------------------------------------


def test_what_does_not_fit_the_parts_opens_as_one_line_and_says_so(alice: User) -> None:
    save(alice, "access", "from:x.example", "REJET")
    page = text(visitor(alice).get(address("entry-edit", "access", "from:x.example")))
    assert 'name="value" value="REJET"' in page
    assert "does not fit the fields of the parts" in page


def test_what_no_input_can_show_opens_as_one_line(alice: User, cluster: Cluster) -> None:
    VirtualUser.objects.create(cluster=cluster, key="a@b.example", value="al\x07ice", position=1)
    page = text(visitor(alice).get(address("entry-edit", "virtusertable", "a@b.example")))
    assert "Exactly: <code>al\\x07ice</code>" in page
    assert "does not fit" in page


def test_a_carriage_return_is_named_beside_the_parts(alice: User, cluster: Cluster) -> None:
    VirtualUser.objects.create(cluster=cluster, key="a@b.example", value="alice\r", position=1)
    page = visitor(alice).get(address("entry-edit", "virtusertable", "a@b.example")).content.decode()
    assert value_in(page, "part-address") == "alice"
    assert "Exactly: <code>alice\\r</code>" in page


@TABLES_IN_PARTS
def test_the_line_shows_what_the_parts_made_and_back(alice: User, table: str) -> None:
    parts, (key, value) = MADE[table]
    client = visitor(alice)

    line = client.post(f"/tables/{table}/add/", {**parts, "comment": "kept", "show": "line"})
    assert line.status_code == 200
    assert line.context["form"]["key"].value().lower() == key
    assert line.context["form"]["value"].value() == value
    assert line.context["parts"] is None
    assert "kept" in text(line)

    again = client.post(f"/tables/{table}/add/", {"key": key, "value": value, "show": "parts"})
    assert again.context["parts"] is not None
    assert stands(table, key) is None


def test_a_line_that_does_not_fit_stays_a_line(alice: User) -> None:
    response = visitor(alice).post("/tables/access/add/", {"key": "from:x", "value": "REJET", "show": "parts"})
    assert response.context["parts"] is None
    assert response.context["unfit"]


def test_a_form_without_parts_is_one_line(alice: User) -> None:
    response = visitor(alice).post("/tables/access/add/", {"key": "from:x.example", "value": "REJET", "enabled": "on"})
    assert response.status_code == 422
    assert 'name="value" value="REJET"' in text(response)
    assert "does not fit" not in text(response)


def test_an_entry_deleted_meanwhile_is_still_shown_in_another_form(alice: User, dora: User) -> None:
    save(alice, "aliases", "sales", "alice")
    form = posted_of("aliases", "sales", targets="alice\ncarol")
    delete(dora, "aliases", "sales")

    response = visitor(alice).post(address("entry-edit", "aliases", "sales"), {**form, "show": "line"})

    assert response.status_code == 200
    assert 'value="alice, carol"' in text(response)


# --- choosing again ---------------------------------------------------------------------------------------------------


def test_another_action_shows_its_own_fields_with_everything_typed(alice: User) -> None:
    typed = {"part-tag": "connect", "part-item": "192.0.2", "part-action": "ERROR", "comment": "mine", "show": "parts"}
    response = visitor(alice).post("/tables/access/add/", typed)
    page = response.content.decode()

    assert response.status_code == 200
    assert {"part-status", "part-code", "part-text"} <= names_in(page)
    assert value_in(page, "part-item") == "192.0.2"
    assert "mine" in page
    assert "has no text" not in page, "nobody could fill it in yet"
    (focused,) = re.findall(r"<[^>]* autofocus[^>]*>", page)
    assert 'name="part-code"' in focused


def test_the_cursor_stays_on_the_choice_where_htmx_swaps_the_fields(alice: User) -> None:
    typed = {"part-tag": "connect", "part-item": "192.0.2", "part-action": "ERROR", "show": "parts"}
    response = visitor(alice).post("/tables/access/add/", typed, headers={"HX-Request": "true"})
    assert "autofocus" not in response.content.decode()


def test_a_form_that_is_complete_has_no_field_to_lead_to(alice: User) -> None:
    typed = {"part-tag": "connect", "part-item": "192.0.2", "part-action": "REJECT", "show": "parts"}
    assert " autofocus" not in visitor(alice).post("/tables/access/add/", typed).content.decode()


def test_fields_of_another_action_are_kept_for_later_and_do_not_count(alice: User) -> None:
    typed = {"part-tag": "connect", "part-item": "192.0.2", "part-action": "REJECT", "part-text": "Go", "enabled": "on"}
    client = visitor(alice)

    shown = client.post("/tables/access/add/", {**typed, "show": "parts"}).content.decode()
    assert '<input type="hidden" name="part-text" value="Go">' in shown
    client.post("/tables/access/add/", typed)
    assert standing("access", "connect:192.0.2").value == "REJECT"


def test_a_refusal_in_parts_is_marked_at_what_is_missing(alice: User) -> None:
    typed = {"part-user": "info", "part-domain": "", "part-detail": "", "part-action": "address", "part-address": "a"}
    page = visitor(alice).post("/tables/virtusertable/add/", {**typed, "enabled": "on"}).content.decode()
    (focused,) = re.findall(r"<[^>]* autofocus[^>]*>", page)
    assert 'name="part-domain"' in focused
    assert 'aria-invalid="true"' in focused
    assert value_in(page, "part-user") == "info"


def test_the_part_that_a_rule_is_about_is_marked_alone(alice: User) -> None:
    typed = {"part-tag": "from", "part-item": "a@b.example", "part-action": "ERROR", "part-code": "250"}
    form = {**typed, "part-text": "no", "enabled": "on"}
    page = visitor(alice).post("/tables/access/add/", form).content.decode()
    (marked,) = re.findall(r'<[^>]* aria-invalid="true"[^>]*>', page)
    assert 'name="part-code"' in marked
    assert " autofocus" in marked


def test_a_part_that_one_has_not_come_to_is_no_mistake_yet(alice: User) -> None:
    client = visitor(alice)
    half = {"part-user": "info", "part-domain": "", "part-detail": "", "part-action": "address", "part-address": ""}
    assert client.post("/tables/virtusertable/check/", half).context["findings"].problems == []
    whole = {**half, "part-domain": "nodot", "part-address": "a b"}
    fields = {found.field for found in client.post("/tables/virtusertable/check/", whole).context["findings"].problems}
    assert fields == {"key", "value"}


def test_the_check_shows_the_line_that_the_parts_make(alice: User) -> None:
    typed = {"part-tag": "connect", "part-item": "Host.EXAMPLE", "part-action": "RELAY", "enabled": "on"}
    page = text(visitor(alice).post("/tables/access/check/", typed))
    assert "<code>connect:host.example RELAY</code>" in page
    assert "This needs a second person." in page


# --- what no page offers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "parts", "rule"),
    [
        ("access", {"part-tag": "connect", "part-item": "x.example", "part-action": "BOGUS"}, "value.choice"),
        ("access", {"part-tag": "bogus", "part-item": "x.example", "part-action": "REJECT"}, "key.choice"),
        ("mailertable", {"part-scope": "all", "part-domain": "x.example", "part-hosts": "a.example"}, "key.choice"),
        ("virtusertable", {"part-user": "a", "part-domain": "x.example", "part-detail": "++++"}, "key.choice"),
    ],
)
def test_a_choice_that_is_not_in_the_list_is_refused(alice: User, table: str, parts: dict[str, str], rule: str) -> None:
    response = insist(visitor(alice), f"/tables/{table}/add/", {**parts, "enabled": "on"})
    assert response.status_code == 422
    assert rule in {found.rule for found in response.context["findings"].problems}
    assert not ChangeRequest.objects.exists()


@pytest.mark.parametrize("sign", ["\n", "\0", "\x85", "\x1b"])
def test_a_sign_that_no_entry_holds_is_refused_in_a_part_too(alice: User, sign: str) -> None:
    parts = {"part-tag": "connect", "part-item": f"x{sign}y.example", "part-action": "REJECT", "enabled": "on"}
    response = insist(visitor(alice), "/tables/access/add/", parts)
    assert response.status_code == 422
    assert not ChangeRequest.objects.exists()


def test_a_part_of_another_table_is_no_part(alice: User) -> None:
    data = {"key": "sales", "value": "alice", "part-tag": "connect", "part-targets": "bob", "enabled": "on"}
    insist(visitor(alice), "/tables/aliases/add/", data)
    assert standing("aliases", "sales").value == "bob"


def test_markup_in_a_part_is_text(alice: User) -> None:
    typed = {"part-tag": "connect", "part-item": '"><script>', "part-action": '"><i>', "part-x": '"><b>'}
    page = visitor(alice).post("/tables/access/add/", typed).content.decode()
    for markup in ('"><script>', '"><i>', '"><b>'):
        assert markup not in page


# --- two people -------------------------------------------------------------------------------------------------------


def test_parts_typed_over_somebody_elses_edit_are_compared_and_kept(alice: User, dora: User) -> None:
    save(alice, "aliases", "sales", "alice")
    form = posted_of("aliases", "sales", targets="alice\ncarol")
    save(dora, "aliases", "sales", "dora")
    client, url = visitor(alice), address("entry-edit", "aliases", "sales")

    shown = client.post(url, form)
    assert shown.status_code == 409
    assert "alice, carol" in text(shown)
    assert "alice\ncarol" in shown.content.decode()

    client.post(url, {**form, "seen": shown.context["form"]["seen"].value()})
    assert standing("aliases", "sales").value == "alice, carol"


def test_a_switched_off_entry_keeps_its_parts(alice: User, cluster: Cluster) -> None:
    Alias.objects.create(cluster=cluster, key="sales", value="alice", position=1, enabled=False)
    page = visitor(alice).get(address("entry-edit", "aliases", "sales")).content.decode()
    assert ">\nalice</textarea>" in page
