# make run         the panel on http://127.0.0.1:8000 with a publisher beside it
# make test        every test, on SQLite and on PostgreSQL, with the real sendmail
# make fuzz        7,000 random files by our reading and by the real programs; FUZZ="--files 20000 --seed 1" for others
# make machine     random people at work on both databases for 11 minutes; MACHINE="--machine-minutes 30" for longer
# make faults      everything that can go wrong in a publication, at each system call; FAULTS="--seed 1 --only killed"
# make soak        people, kills and a stranger who sends at three mail hosts for ten minutes; SOAK="--minutes 2 --seed 5"
# make lint        what a commit must pass besides
# make coverage    every branch of the core, by its own tests
# make bench       times at a million entries, beside makemap as typed by hand
# make docs        the rules in docs/tables, from the core as it is
# make screenshots the pictures of README and docs, taken anew
# make setup       what the panel needs; make setup-test: what the tests need too
# make lock        pins requirements*.in anew (needs uv)

PYTHON ?= python3
VENV := .venv/bin/python

.PHONY: help setup setup-test run test fuzz machine faults soak lint coverage docs bench lock screenshots

help:
	@sed -n 's/^# \(make \)/\1/p' Makefile

setup:
	@$(PYTHON) -m deploy.install run

setup-test:
	@$(PYTHON) -m deploy.install run test

run: setup
	@exec $(VENV) -m deploy.run

test: setup-test
	@exec $(VENV) -m tests.all

fuzz: setup-test
	@exec $(VENV) -m tests.fuzz $(FUZZ)

machine: setup-test
	@exec $(VENV) -m tests.all tests/machine/long_run.py $(MACHINE)

faults: setup-test
	@exec $(VENV) -m tests.faults $(FAULTS)

soak: setup-test
	@exec $(VENV) -m tests.soak $(SOAK)

lint: setup-test
	@$(VENV) -m ruff check .
	@$(VENV) -m ruff format --check .
	@$(VENV) -m mypy mailadmin tables deploy

coverage: setup-test
	@$(VENV) -m coverage run -m pytest -q -p no:cacheprovider tests/core tests/publisher/test_mailcf.py tests/publisher/test_rollback.py \
		tests/publisher/test_rollback_killed.py tests/publisher/test_quick.py tests/integration/test_changed_copies.py
	@$(VENV) -m coverage report

bench: setup-test
	@exec $(VENV) -m tests.bench $(BENCH)

docs: setup-test
	@exec $(VENV) -m tests.docs.write

screenshots: setup-test
	@$(VENV) -m pytest -q -p no:cacheprovider tests/browser/screenshots.py

# Pins what requirements*.in ask for, with hashes, for every platform and Python from 3.11 on. Needs uv.
LOCK := uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header
lock:
	$(LOCK) --output-file requirements.txt requirements.in
	$(LOCK) --constraint requirements.txt --output-file requirements-dev.txt requirements-dev.in
