# `make help` lists the targets. Set-up runs once and is remembered by stamp files in .venv.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run up test check lint django snippet services services-stop demo bench bench-growth bench-figures soak soak-rollups faults worlds \
	nightly lock clean image test-image fuzz .services-started

export PATH := $(CURDIR)/.venv/bin:$(PATH)
# The tests start hundreds of processes. Python must not compile the same source in each of them.
unexport PYTHONDONTWRITEBYTECODE
# --no-deps: the lock is complete, and one of its packages asks for a second Cassandra driver.
PIP := python -m pip install --quiet --disable-pip-version-check --no-deps
SERVICES := python -m tests.services
TESTED := rabbitmq cassandra s3 postgres
# Several processes, each with its own data: a crash test mostly waits. tests/passes.py says which tests share a process.
PYTEST_RUN := CI=true python -m pytest --numprocesses
# A tracker without these variables is embedded.
EMBEDDED := $(addprefix --unset=,DATABASE_URL BROKER_URL CASSANDRA_URL ARCHIVE_URL S3_ENDPOINT_URL)
# BUILDAH_FORMAT keeps the image's health check where podman builds it.
BUILDER = $(shell docker info >/dev/null 2>&1 && echo docker || echo podman)
# Runs the Procfile's processes and restarts those that end. A bad setting stops it with one line.
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
# No day of the demo's year is frozen.
run: export RETENTION_DAYS ?= 460
run: .venv/.installed ## the embedded tracker with a demo account on http://127.0.0.1:$PORT (8000)
	@exec $(UP) $(if $(filter-out 0 false,$(DEMO)),demo_year) bootstrap

up: export PORT ?= 8000
up: .venv/.installed ## the Procfile's processes, on the services that env names
	@exec $(UP)

# Java compiles only with its quick compiler. Its thorough one costs a Cassandra of ten minutes more than it saves.
.services-started test worlds: export JDK_JAVA_OPTIONS ?= -XX:TieredStopAtLevel=1

# The tests on SQLite run beside those on the services, which mostly wait. Their output comes at the end.
# Exit code 5: no test was selected.
test: .venv/.installed-dev .services-started ## every test on the real services; those of the database on SQLite, too
	@services=$$($(SERVICES) start $(TESTED)) || exit; printed=$$(mktemp); \
		{ env $(EMBEDDED) $(PYTEST_RUN) 1 --embedded $(PYTEST); } >$$printed 2>&1 & embedded=$$!; \
		env $$services $(PYTEST_RUN) 3 $(PYTEST); one=$$?; \
		wait $$embedded; other=$$?; cat $$printed; rm $$printed; \
		[ $$other != 5 ] || other=0; [ $$one = 0 ] && exit $$other || exit $$one

# Fetches and starts the services while lint and Django's checks run.
check: ## what CI runs: lint, types, Django's checks, tests
	@$(MAKE) --jobs=2 --output-sync=target .services-started lint django && $(MAKE) test

.services-started: .venv/bin/python
	@$(SERVICES) install && $(SERVICES) start $(TESTED) >/dev/null

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

services-stop: .venv/bin/python ## stop the services that this checkout started
	@$(SERVICES) stop

demo: .venv/.installed-dev ## a real browser goes from an ad to a purchase; prints the credited report
	@$(SERVICES) install chromium && python -m tests.browser.demo

bench: .venv/.installed-dev ## accepted and processed hits per second, compared with a baseline
	@$(SERVICES) install wrk rabbitmq cassandra s3 && python -m bench && python -m bench.growing --facts 100000

# With all of the data (FIGURES=) the benchmark takes some twenty minutes.
bench-figures: FIGURES ?= --scale 0.15
bench-figures: .venv/.installed-dev ## what reports, rollups and replays cost on both stores; under ten minutes
	@$(SERVICES) install cassandra s3 && python -m bench.figuring $(FIGURES)

soak-rollups: .venv/.installed-dev ## whether a worker's memory stays flat over 15 minutes; FIGURES="--store sqlite"
	@$(SERVICES) install cassandra s3 && python -m bench.figuring --soak $(FIGURES)

bench-growth: .venv/.installed-dev ## what a hit costs as a site grows to ten million facts; about 10 minutes, 5 GB
	@$(SERVICES) install cassandra && python -m bench.growing $(GROWTH)

soak: .venv/.installed-dev ## a long crash test on its own services; SOAK="--seed 7 --hits 100000 --seconds 1800"
	@$(SERVICES) install rabbitmq cassandra s3 && python -m tests.crash $(SOAK)

faults: .venv/.installed-dev ## break one rule of the product at a time, and see each fault caught; up to an hour
	@nice python -m tests.faults $(FAULTS)

worlds: export WORLDS ?= 2400
worlds: .venv/.installed-dev ## the property tests with many more worlds than in make test; up to an hour
	@$(SERVICES) install cassandra && services=$$($(SERVICES) start cassandra) \
		&& env $$services $(PYTEST_RUN) 3 tests/properties $(PYTEST)

nightly: worlds faults fuzz soak soak-rollups bench-figures ## the checks that take too long for every change

image: ## the container image hitledger, by docker or podman; IMAGE="--build-arg BASE=..." for a base of your own
	@BUILDAH_FORMAT=docker $(BUILDER) build $(IMAGE) --tag hitledger .

test-image: .venv/.installed-dev ## make the image on a base of Debian's packages, and run it as compose.yaml does; needs root
	@python -m pytest tests/image/built_image.py $(PYTEST)

fuzz: .venv/.installed-dev ## 20,000 odd requests to every address of an embedded tracker; FUZZ="--requests 100000 --seed 7"
	@python -m tests.fuzz $(FUZZ)

lock: .venv/.installed-dev ## pin pyproject.toml's requirements again
	@uv pip compile --quiet --upgrade --python-version 3.11 --custom-compile-command "make lock" \
		pyproject.toml --output-file requirements.txt
	@uv pip compile --quiet --upgrade --python-version 3.11 --custom-compile-command "make lock" \
		--group dev --constraint requirements.txt --output-file requirements-dev.txt

clean: ## remove .venv and the tools' caches, but not the data in var/
	@rm -rf .venv staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis
