"""The machine: random people at work on one cluster, watched after every act and once more at the end."""

from __future__ import annotations

from tests.machine.drafts import Drafts
from tests.machine.editing import Editing
from tests.machine.governing import Governing
from tests.machine.mending import Mending
from tests.machine.people import People
from tests.machine.releasing import Releasing
from tests.machine.reviewing import Reviewing
from tests.machine.whole import Whole


class ChangeControl(Whole, Editing, Drafts, Reviewing, Mending, People, Governing, Releasing):
    """Every rule may come at any step."""
