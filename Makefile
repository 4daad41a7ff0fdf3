# `make help` lists the targets. Set-up runs once and is remembered by stamp files in .venv.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run up test check lint django snippet services services-stop demo bench bench-figures bench-growth soak faults lock clean

export PATH := $(CURDIR)/.venv/bin:$(PATH)
# The lock is complete, and one of its packages asks for a second Cassandra driver: so pip adds nothing to it.
PIP := python -m pip install --quiet --disable-pip-version-check --no-deps
SERVICES := python -m tests.services
# What stands on the configuration database runs on PostgreSQL, too.
ON_POSTGRES := $(wildcard tests/contracts/test_[qs]*.py tests/conversions/marks/test_*marks.py) $(foreach name,\
	marks/test_process store/test_plans verdicts/test_identity replay/test_replay replay/test_preview configuration/test_snapshot \
	configuration/test_rate_table configuration/test_bootstrap api/test_catalogue test_admin test_click,\
	tests/conversions/$(name).py) tests/reporting/test_rollup.py tests/reporting/test_report_api.py
# Runs the Procfile's processes and starts again what ends. A bad setting ends here, with one line.
UP := python -m tracker.supervisor "migrate --noinput --verbosity 0" prepare

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

.venv/bin/python:
	@.ci/venv .venv

.venv/.installed: requirements.txt | .venv/bin/python
	@echo "installing requirements.txt" >&2
	@$(PIP) -r requirements.txt >&2 && touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	@echo "installing requirements-dev.txt" >&2
	@$(PIP) -r requirements-dev.txt >&2 && touch $@

run: export DEMO ?= 1
run: export WEB_HOST ?= 127.0.0.1
run: export PORT ?= 8000
run: .venv/.installed ## the embedded tracker with a demo account on http://127.0.0.1:$PORT (8000)
	@exec $(UP) bootstrap

up: export PORT ?= 8000
up: .venv/.installed ## the Procfile's processes, on the services that env names
	@exec $(UP)

test: .venv/.installed-dev ## every test, the real services included
	@$(SERVICES) install && services=$$($(SERVICES) start) && env $$services CI=true python -m pytest $(PYTEST)
	@services=$$($(SERVICES) start) && postgres=$$($(SERVICES) start postgres) \
		&& env $$services $$postgres CI=true python -m pytest $(ON_POSTGRES) $(PYTEST) \
		|| [ $$? = 5 ] # $(PYTEST) may choose none of these

check: lint django test ## what CI runs: lint, types, Django's checks, tests
.NOTPARALLEL: check

lint: .venv/.installed-dev
	ruff check
	ruff format --check
	mypy

django: .venv/.installed-dev
	python manage.py check --deploy --fail-level ERROR 2>/dev/null || python manage.py check
	python manage.py makemigrations --check --dry-run
	python manage.py spectacular --validate --fail-on-warn --file /dev/null

snippet: ## build t.js from its readable source in snippet/; needs npm
	@cd snippet && npm ci --ignore-scripts --silent && npm run --silent build

services: .venv/bin/python ## start RabbitMQ, Cassandra and S3 on loopback; print the NAME=value lines that select them
	@$(SERVICES) start

services-stop: .venv/bin/python ## stop the services that were started here
	@$(SERVICES) stop

demo: .venv/.installed-dev ## a real browser goes from an ad to a purchase; prints the credited report
	@$(SERVICES) install chromium && python -m tests.browser.demo

bench: .venv/.installed-dev ## accepted and processed hits per second, beside the plain way
	@$(SERVICES) install wrk rabbitmq cassandra s3 && python -m bench && python -m bench.growing --facts 100000

bench-figures: .venv/.installed-dev ## what reports and rollups cost, as multiples of a yardstick; embedded, under ten minutes
	@python -m bench.figuring $(FIGURES)

bench-growth: .venv/.installed-dev ## what a hit costs as a site grows to ten million facts; some 10 minutes, 5 GB
	@$(SERVICES) install cassandra && python -m bench.growing $(GROWTH)

soak: .venv/.installed-dev ## a long crash test on services of its own; SOAK="--seed 7 --hits 100000 --seconds 1800"
	@$(SERVICES) install rabbitmq cassandra s3 && python -m tests.crash $(SOAK)

faults: .venv/.installed-dev ## break the product on purpose, one sentence at a time; each must be caught; up to an hour
	@nice python -m tests.faults $(FAULTS)

lock: .venv/.installed-dev ## pin pyproject.toml's requirements again
	@uv pip compile --quiet --upgrade --python-version 3.11 --custom-compile-command "make lock" \
		pyproject.toml --output-file requirements.txt
	@uv pip compile --quiet --upgrade --python-version 3.11 --custom-compile-command "make lock" \
		--group dev --constraint requirements.txt --output-file requirements-dev.txt

clean: ## remove .venv and the tools' caches; data in var/ stays
	@rm -rf .venv staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis
