# Everything installs its own tools into the project folder: .venv, build, tests/node/node_modules.
.PHONY: demo demo-kafka test test-containers mutants lint bench crash contracts requirements clean
PY := .venv/bin/python
STAMP := .venv/.installed
export PYTHON = $(PY)

demo: $(STAMP)          ## the whole system in one process, with a synthetic housing stock
	@.venv/bin/pianovivo demo

demo-kafka: $(STAMP)    ## the same demo: four processes on a real local Apache Kafka and PostgreSQL
	@PYTHON=$(PY) tests/support/install.sh
	@.venv/bin/pianovivo demo --kafka

test: $(STAMP) tests/node/node_modules/.installed   ## every test, on real Apache Kafka and PostgreSQL
	@tests/support/install.sh --with-judges
	@PIANOVIVO_TEST_PATIENCE=$${PIANOVIVO_TEST_PATIENCE:-3} \
	  $(PY) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGS)

test-containers: $(STAMP)   ## the testcontainers way, also where no container engine is installed (as root)
	@tests/support/test-containers.sh

mutants: $(STAMP)        ## plant each defect in a copy: the tests must notice
	@tests/support/install.sh
	@$(PY) tests/mutants/run.py

lint: $(STAMP)
	.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/lint-imports

bench: $(STAMP)         ## the durable job against its peers; minutes long
	@tests/support/install.sh
	@tests/bench/run.sh

crash: $(STAMP)         ## 50,000 reports, 100 kills; about ten minutes
	@tests/support/install.sh
	@PIANOVIVO_CRASH_REPORTS=50000 PIANOVIVO_CRASH_KILLS=100 $(PY) -m pytest tests/faults -m crash -s

contracts: $(STAMP)     ## write schemas, golden examples, AsyncAPI, the tables of settings and roles anew
	@$(PY) -m shared.events.contracts
	@$(PY) -m deploy.settings_table
	@$(PY) -m deploy.roles_table

requirements:           ## pin what pyproject.toml asks for, with hashes and without addresses
	@mkdir -p build
	@echo "django; sys_platform == 'never'" > build/override.txt
	.venv/bin/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-annotate --override build/override.txt -o deploy/requirements.txt
	.venv/bin/uv pip compile -q pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-annotate --override build/override.txt -o tests/requirements.txt

$(STAMP): tests/requirements.txt pyproject.toml
	@echo "installing into .venv ..."
	@test -x $(PY) || python3 -m venv .venv
	@$(PY) -m pip install -q --disable-pip-version-check uv
	@.venv/bin/uv pip install -q --python $(PY) --compile-bytecode --no-deps --require-hashes -r tests/requirements.txt
	@.venv/bin/uv pip install -q --python $(PY) --no-deps --no-build-isolation -e .
	@touch $@

tests/node/node_modules/.installed: tests/node/package-lock.json
	@cd tests/node && npm ci --silent --no-audit --no-fund
	@touch $@

clean:
	rm -rf .venv build tests/node/node_modules
