"""A page as somebody reads it."""

import re
from html import unescape
from typing import Any

_ENDS = re.compile(r"</(p|li|div|dt|dd|td|th|tr|h1|h2|h3|span|summary|label|option|button)>")


def words(response: Any) -> str:
    """The text of the page's main part, without markup, runs of blanks made one."""
    page = response.content.decode()
    main = page[page.find("<main") :] if "<main" in page else page
    return " ".join(unescape(re.sub(r"<[^>]*>", "", _ENDS.sub(" ", main))).split())
