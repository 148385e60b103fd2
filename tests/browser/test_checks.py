"""The checks of the looks find what they are there for."""

import pytest
from playwright.sync_api import Page

from tests.browser.checks import faults

GOOD = '<body style="background: #fff"><h1>Title</h1><label>Name <input></label><img src="" alt="">'


def test_a_sound_page_has_no_faults(page: Page) -> None:
    page.set_content(GOOD)
    assert faults(page) == []


@pytest.mark.parametrize(
    ("markup", "fault"),
    [
        ('<p style="color: #999">Hardly seen</p>', "faint: Hardly seen: 2.85"),
        ('<div style="background: #333"><p style="color: #666">On dark</p></div>', "faint: On dark"),
        ("<input>", "nameless: <input>"),
        ("<button></button>", "nameless: <button>"),
        ('<p id="a">x</p><p id="a">y</p>', "two elements with one id: a"),
        ('<div style="width: 5000px">x</div>', "pixels too wide"),
        ("<h1>Another</h1>", "2 headings of the first level"),
    ],
)
def test_each_fault_is_found(page: Page, markup: str, fault: str) -> None:
    page.set_content(GOOD + markup)
    assert fault in " ".join(faults(page))
