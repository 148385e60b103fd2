"""gunicorn's configuration: ``gunicorn -c deploy/gunicorn.conf.py mailadmin.wsgi``."""

import os
from pathlib import Path

bind = os.environ.get("MAILADMIN_BIND") or "127.0.0.1:8000"
# Threads, because most requests wait for the database; WEB_CONCURRENCY sets another number of processes.
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = 4
timeout = 60
graceful_timeout = 20
keepalive = 5
# A worker that leaks is replaced now and then, not all at once.
max_requests = 20_000
max_requests_jitter = 2_000
# A worker proves that it lives by touching a file: a slow disk must not look like a dead worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
accesslog = None  # nginx keeps one
errorlog = "-"
loglevel = "warning"
proc_name = "mailadmin-web"
control_socket_disable = True  # systemd and MAILADMIN_BIND are all that steers it
