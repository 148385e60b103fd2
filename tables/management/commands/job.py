"""``manage.py job``: long work that a page handed over."""

from typing import Any

from django.core.management.base import CommandParser

from tables.jobs import running
from tables.management.command import TablesCommand


class Command(TablesCommand):
    help = "Do one job that a page of the panel handed over; the panel starts this itself."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", type=int, help="the number of the job")

    def handle(self, *, number: int, **options: Any) -> None:
        job = running.do(number)
        self.stdout.write(f"{job.title}: {job.state}. {job.said}")
