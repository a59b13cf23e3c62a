# Two commands do all the set-up: `make demo` and `make test`. Nothing but Python ≥ 3.11 with venv is needed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?=
SOAK_KILLS ?= 300
SOAK_FAULTS ?= 60
KAFKA ?=
JOBS ?= 3
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
IMAGE := $(VENV)/image
COMPILED := $(VENV)/compiled
PIP_OF_IMAGE = $(BIN)/python -m pip --python $(IMAGE)/bin/python install --quiet --disable-pip-version-check
PIP_OF_COMPILED = $(BIN)/python -m pip --python $(COMPILED)/env/bin/python
PYTEST = $(BIN)/python -m pytest --numprocesses $(JOBS) --dist worksteal
ENDURANCE = $(PYTEST) tests/system/test_faults.py -m soak -p no:randomly --kills $(SOAK_KILLS) --faults $(SOAK_FAULTS)

# The begin of a shell command that runs only where Apache Kafka can; `fi` ends it.
define IF_KAFKA
java=$$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p'); \
if [ "$${java:-0}" -lt 17 ] || ! command -v mvn >/dev/null; then \
	echo "Skipped: Apache Kafka needs Java 17 or later (here: $${java:-none}), and Maven to fetch it."; \
else \
	$(MAKE) --silent .kafka/.fetched$(KAFKA) &&
endef

.DEFAULT_GOAL := help
.PHONY: help demo test test-long test-kafka soak endurance check check-deploy format docs lock sbom image-environment wheel wheel-compiled bench evaluate clean

help: ## Show this help
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; set PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Dependency groups (PEP 735) need pip 25.1; the pip that venv brings may be older.
$(VENV)/.pip-upgraded: | $(BIN)/python
	$(PIP) --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.pip-upgraded
	$(PIP) --editable '.[embedded,serve,harvest]'
	@touch $@

$(VENV)/.test-installed: pyproject.toml $(VENV)/.pip-upgraded
	$(PIP) --editable '.[embedded,serve,harvest]' --group test
	@touch $@ $(VENV)/.installed

$(VENV)/.dev-installed: pyproject.toml $(VENV)/.pip-upgraded
	$(PIP) --editable '.[embedded,serve,harvest]' --group dev
	@touch $@ $(VENV)/.test-installed $(VENV)/.installed

$(VENV)/.docs-installed: pyproject.toml $(VENV)/.pip-upgraded
	$(PIP) --editable '.[embedded,serve,harvest]' --group docs
	@touch $@ $(VENV)/.installed

$(VENV)/.release-installed: pyproject.toml $(VENV)/.pip-upgraded
	$(PIP) --group release
	@touch $@

$(VENV)/.deploy-installed: pyproject.toml $(VENV)/.pip-upgraded
	$(PIP) --editable '.[embedded,serve,harvest]' --group test --group deploy
	@touch $@ $(VENV)/.test-installed $(VENV)/.installed

$(VENV)/.evaluate-installed: pyproject.toml $(VENV)/.pip-upgraded
	$(PIP) --editable '.[embedded,serve,harvest]' --group evaluate
	@touch $@ $(VENV)/.installed

# A peer to compare with, in its newest version; where it cannot be installed the report says so.
$(VENV)/.peers-tried: $(VENV)/.evaluate-installed
	@$(PIP) --group peers || echo "bib-dedupe cannot be installed here: it is left out."
	@touch $@

demo: $(VENV)/.installed ## Install, then deduplicate a feed of well-known papers before your eyes
	@$(BIN)/streams demo

test: $(VENV)/.test-installed ## Install what tests need and run them all, on real servers and processes
	$(PYTEST)

test-long: $(VENV)/.test-installed ## Run the tests that take longer: alerts by their causes, outages, lost state, drills
	$(PYTEST) -m long

.kafka/.fetched$(KAFKA): tests/kafka/pom.xml
	@echo "Apache Kafka is fetched with Maven ..."
	@rm -rf .kafka
	@mvn --batch-mode --quiet --file $< dependency:copy-dependencies -DincludeScope=runtime \
		-DoutputDirectory=$(CURDIR)/.kafka $(if $(KAFKA),-Dkafka.version=$(KAFKA))
	@touch $@

test-kafka: $(VENV)/.test-installed ## Run the tests that need a broker on Apache Kafka itself; needs Java 17 and Maven
	@$(IF_KAFKA) $(PYTEST) --broker kafka; fi

soak: $(VENV)/.test-installed ## Let everything fail at random moments for a quarter of an hour; prints a table
	$(PYTEST) -m soak -p no:randomly $(if $(BROKER),--broker $(BROKER))

endurance: $(VENV)/.test-installed ## 300 kills of workers and 60 faults of every kind while feeds run, on both brokers; prints a table for each
	@kafka=skipped; $(ENDURANCE); embedded=$$?; \
	$(IF_KAFKA) { $(ENDURANCE) --broker kafka; kafka=$$?; }; fi; \
	echo "Exit codes: on the embedded broker $$embedded, on Apache Kafka $$kafka."; \
	case $$embedded,$$kafka in 0,0|0,skipped) ;; *) exit 1 ;; esac

check: $(VENV)/.dev-installed ## Lint, format, strict types, import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/validate-pyproject pyproject.toml
	$(BIN)/typos

check-deploy: $(VENV)/.deploy-installed image-environment ## Check image, compose files, Helm chart and systemd units, offline; needs systemd and bubblewrap
	$(PYTEST) tests/deploy --require-tools --image-environment $(IMAGE)

# What deploy/Dockerfile puts into the image, by the same steps, beside this environment.
image-environment: $(COMPILED)/.built
	@rm -rf $(IMAGE)
	$(PYTHON) -m venv --without-pip $(IMAGE)
	$(PIP_OF_IMAGE) --only-binary :all: --require-hashes --requirement deploy/requirements.lock
	$(PIP_OF_IMAGE) --no-deps $(COMPILED)/*.whl

sbom: $(VENV)/.deploy-installed image-environment ## Write sbom/streams.cdx.json: the packages of the image with versions and licences (CycloneDX)
	@mkdir -p sbom
	$(BIN)/cyclonedx-py environment --gather-license-texts --pyproject pyproject.toml --output-reproducible \
		--output-file sbom/streams.cdx.json $(IMAGE)/bin/python

format: $(VENV)/.dev-installed ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.docs-installed ## Build the documentation site into site/, strictly; site/index.html opens from the disk
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet

lock: $(VENV)/.release-installed ## Renew deploy/requirements.lock and compile.lock: versions and hashes that the image installs, and is built with
	$(BIN)/uv pip compile pyproject.toml --extra serve --extra harvest --quiet --upgrade --universal --python-version 3.12 --generate-hashes \
		--custom-compile-command 'make lock' --output-file deploy/requirements.lock
	$(BIN)/uv pip compile --group compile --constraint deploy/requirements.lock --quiet --upgrade --universal --python-version 3.11 \
		--generate-hashes --custom-compile-command 'make lock' --output-file deploy/compile.lock

wheel: $(VENV)/.release-installed ## Build the source archive and the wheel into dist/
	@rm -rf dist
	$(BIN)/python -m build --outdir dist .

# The wheel that the image installs, by the steps of deploy/Dockerfile; needs a C compiler.
$(COMPILED)/.built: setup.py pyproject.toml deploy/compile.lock $(shell find streams -type f -not -path '*/__pycache__/*') | $(VENV)/.pip-upgraded
	@rm -rf $(COMPILED) build
	$(PYTHON) -m venv --without-pip $(COMPILED)/env
	$(PIP_OF_COMPILED) install --quiet --disable-pip-version-check --only-binary :all: --require-hashes --requirement deploy/compile.lock
	STREAMS_COMPILE=1 $(PIP_OF_COMPILED) wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir $(COMPILED) .
	@rm -rf build
	@touch $@

wheel-compiled: $(COMPILED)/.built $(VENV)/.release-installed ## Build the wheel with compiled modules, and run their tests on what it installs
	$(BIN)/python .ci/try_compiled.py $(COMPILED)/*.whl

bench: $(VENV)/.test-installed ## Measure speed and size; QUICK=1 for small feeds, AGAINST=REVISION by turns with a commit, ONLY="NAME …"
	$(BIN)/python bench/figures.py $(if $(QUICK),--quick) $(if $(AGAINST),--against $(AGAINST)) $(ONLY)

evaluate: $(VENV)/.evaluate-installed $(if $(DATA),$(VENV)/.peers-tried) ## Measure matching; with DATA=folder of labelled sets also write docs/evaluation.md
	$(BIN)/python bench/evaluate.py $(if $(DATA),--data $(DATA) --write)

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .kafka .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist sbom site *.egg-info
