"""A PostgreSQL server that is stopped and started again while others are at work with it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Self
from urllib.parse import quote

from tests import postgres


class Server:
    """Made by ``with``, and gone afterwards with all of its data."""

    def __enter__(self) -> Self:
        postgres.remove_leftovers()
        self.user, self.programs = postgres.owner(), postgres.programs()
        self.directory = Path(tempfile.mkdtemp(prefix=f"{postgres.PREFIX}{os.getpid()}-", dir=postgres.SCRATCH))
        if self.user:
            os.chown(self.directory, self.user.pw_uid, self.user.pw_gid)
        self.log, self.data = self.directory / "log", self.directory / "data"
        initdb = [str(self.programs / "initdb"), "-D", str(self.data), "-U", "mailadmin", "-A", "trust", "-E", "UTF8"]
        if postgres.spawn([*initdb, "--locale=C.UTF-8", "--no-sync"], self.user, self.log).wait():
            raise postgres.CannotServeError(f"initdb failed: {postgres.last_line(self.log)}")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        postgres.stop(self.process)
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self) -> None:
        given = postgres.OPTIONS | {"unix_socket_directories": self.directory}
        options = [f"--{name}={value}" for name, value in given.items()]
        self.process = postgres.spawn(
            [str(self.programs / "postgres"), "-D", str(self.data), *options], self.user, self.log
        )
        postgres.wait_until_ready(self.process, self.programs, self.directory, self.log)

    def stop(self) -> None:
        """As in a fall: no connection is ended in an orderly way. What was committed is in the log of the server."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)

    @property
    def url(self) -> str:
        return f"postgresql://mailadmin@/mailadmin?host={quote(str(self.directory), safe='')}"

    def fill(self, migrated: str) -> None:
        """A database that has been migrated: by a copy of one on another server (its URL), or as manage.py does it."""
        here = [f"--host={self.directory}", "--username=mailadmin"]
        subprocess.run([self.programs / "createdb", *here, "mailadmin"], check=True)
        if not migrated:
            return
        psql = [self.programs / "psql", *here, "-qX", "-vON_ERROR_STOP=1", "--dbname=mailadmin"]
        with subprocess.Popen([self.programs / "pg_dump", migrated], stdout=subprocess.PIPE) as dumped:
            subprocess.run(psql, stdin=dumped.stdout, stdout=subprocess.DEVNULL, check=True)
