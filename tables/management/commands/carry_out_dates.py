"""``manage.py carry_out_dates``: entries begin and end whose time has come."""

from typing import Any

from tables import scheduling
from tables.management.command import TablesCommand


class Command(TablesCommand):
    help = "Have entries begin and end whose time has come, as every publisher does about once a minute."

    def handle(self, **options: Any) -> None:
        done = scheduling.carry_out()
        self.stdout.write("1 entry began or ended." if done == 1 else f"{done} entries began or ended.")
