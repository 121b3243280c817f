# drugslm. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PRODUCTS      ?= 150
DATA          ?= data
KEEP          ?=
FAULTS        ?=
UI_PORT       ?= 8080
TEMPORAL_PORT ?= 7233
N             ?= 20
SEED          ?= 1
FUZZTIME      ?= 1m
DIR           ?=
HELD_OUT      ?=
NAME          ?=
BASE          ?=
BENCH         ?=
BENCH_PACKAGES ?=
COUNT         ?=

GO     ?= go
BIN    := bin

# One set of flags for building, testing and linting, so that nothing is compiled twice.
export GOFLAGS := $(filter-out -trimpath,$(GOFLAGS)) -trimpath

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z][a-z0-9-]*:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

.PHONY: demo
demo: chromium build ## run the whole lineage once: PRODUCTS=150 DATA=data KEEP=1 FAULTS=all UI_PORT=8080 TEMPORAL_PORT=7233
	@$(BIN)/starter demo --products $(PRODUCTS) --data $(DATA) --ui-port $(UI_PORT) --temporal-port $(TEMPORAL_PORT) \
		$(if $(FAULTS),--fault '$(FAULTS)') $(if $(KEEP),--keep)

.PHONY: build
build: $(BIN)/temporal ## build bin/starter, bin/worker and bin/temporal
	@$(GO) build -o $(BIN)/ ./cmd/starter ./cmd/worker

# The Temporal server takes minutes to build the first time, and seconds after that.
$(BIN)/temporal: $(shell find deploy/temporal -name '*.go' -o -name 'go.*')
	@echo 'building the Temporal server: some minutes the first time, then never again' >&2
	@cd deploy/temporal && $(GO) build -ldflags='-s -w' -o ../../$(BIN)/temporal .

.PHONY: chromium
chromium: ## install chromium and chromium-driver from the distribution where they are missing
	@deploy/chromium.sh

.PHONY: optional
optional: ## install Tesseract with Portuguese, and pdftotext, from the distribution where they are missing; never fails
	@deploy/optional.sh

.PHONY: test
test: chromium optional build reader grid ## run every test: real Temporal server, real browser, real Grid, foreign reader included
	@deploy/test.sh

.PHONY: e2e-spark
e2e-spark: ## let Spark change our tables between the steps of a run, and read them: needs Java 17, Python, Maven, and 600 MB the first time
	@deploy/spark/install.sh .cache/spark
	@DRUGSLM_SPARK=$(CURDIR)/.cache/spark $(GO) test ./activities -run '^TestSpark' -count=1 -v -timeout 30m

.PHONY: chaos
chaos: chromium optional build reader grid ## kill, stop, cut off, fill up and upgrade N times as SEED says, and compare with an undisturbed run: N=100 SEED=7
	@DRUGSLM_E2E=1 DRUGSLM_BIN=$(CURDIR)/$(BIN) DRUGSLM_CHAOS_N=$(N) DRUGSLM_CHAOS_SEED=$(SEED) \
		DRUGSLM_PYTHON=$(wildcard $(CURDIR)/.cache/reader/bin/python) $(GO) test ./e2e/chaos -run '^TestChaos$$' -count=1 -v -timeout 3h

.PHONY: quick
quick: ## run the tests that need neither server nor browser
	@$(GO) test ./...

.PHONY: fuzz
fuzz: ## feed every parser of what others write with random input: FUZZTIME=1m each
	@FUZZTIME=$(FUZZTIME) deploy/fuzz.sh

.PHONY: check
check: ## what to run before a commit: format, vet and tests of changed packages, generated files; under two minutes once compiled; BASE=main
	@BASE='$(BASE)' deploy/check.sh

.PHONY: hook
hook: ## install git hooks in this clone: make check before a commit, and subjects of at most 72 characters
	@deploy/hook.sh

.PHONY: lint
lint: linters ## check style, the direction of imports and the determinism of workflows
	@$(BIN)/tools/golangci-lint run ./...
	@cd deploy/temporal && ../../$(BIN)/tools/golangci-lint run --config ../../.golangci.yml ./...
	@$(BIN)/tools/workflowcheck ./workflows/... ./cmd/...

.PHONY: linters
linters: ## build the linters into bin/tools: about 14 minutes the first time, with progress, then they are kept
	@deploy/linters.sh

$(BIN)/tools/benchstat: tools/bench/go.mod tools/bench/go.sum
	@cd tools/bench && $(GO) build -ldflags='-s -w' -o ../../$@ golang.org/x/perf/cmd/benchstat

.PHONY: generate
generate: ## rewrite what is generated: tables of docs and README, configuration, the picture of the lineage
	@$(GO) test ./docs ./internal/config -run '^TestGenerated$$' -count=1 -update

.PHONY: new-asset
new-asset: ## write the file of a new asset, and say which word to add where: NAME=anvisa/makers
	@$(GO) run ./internal/asset/newasset '$(NAME)'

.PHONY: grid
grid: ## fetch the Selenium Grid server (npm) for the tests, where Java and npm are there
	@if command -v java >/dev/null && command -v npm >/dev/null; then \
		test -d deploy/grid/node_modules || (cd deploy/grid && npm ci --ignore-scripts --no-audit --no-fund >/dev/null); \
	else echo 'no Java or no npm: the tests against a Selenium Grid are skipped' >&2; fi

.PHONY: firefox
firefox: ## build geckodriver (cargo, some minutes) and install firefox-esr, for the tests against a Grid with Firefox
	@deploy/grid/geckodriver.sh

.PHONY: reader
reader: ## install the foreign readers (PyPI deltalake, datasets) for the tests, where Python is there
	@if python3 -c 'import venv, ensurepip' 2>/dev/null; then \
		cmp -s deploy/reader/requirements.txt .cache/reader/requirements.txt || (python3 -m venv .cache/reader && \
			.cache/reader/bin/pip install -q --disable-pip-version-check -r deploy/reader/requirements.txt && \
			cp deploy/reader/requirements.txt .cache/reader/) || \
			{ rm -rf .cache/reader; echo 'PyPI cannot be reached: the tests with a foreign reader are skipped' >&2; }; \
	else echo 'no Python: the tests with a foreign reader are skipped' >&2; fi

.PHONY: record
record: build chromium ## record workflow histories for the replay tests, from a real run
	@DRUGSLM_E2E=1 DRUGSLM_BIN=$(CURDIR)/$(BIN) $(GO) test ./e2e -run 'TestRecordHistories|TestBackfillMovesToNewCode|TestBackfillIsSteered' -record -count=1 -v

.PHONY: bench
bench: build chromium ## measure: plan, status, backfill show and automation over 100,000 partitions and 1,000,000 items, listings, an unchanged run, 40,000 items, 20,000 documents
	@$(GO) test ./activities ./internal/cli/status ./internal/cli/backfills -run '^$$' -bench 'Plan|Status|Automation|BackfillShow' -benchtime 3x -timeout 30m
	@DRUGSLM_E2E=1 DRUGSLM_BIN=$(CURDIR)/$(BIN) $(GO) test ./e2e -run '^$$' -bench . -benchtime 1x -timeout 60m

.PHONY: bench-backfill
bench-backfill: build ## measure: a backfill of 2,000 partitions that cost nothing, from its creation to its end
	@DRUGSLM_E2E=1 DRUGSLM_BIN=$(CURDIR)/$(BIN) $(GO) test ./e2e -run '^$$' -bench 'BenchmarkBackfill$$' -benchtime 1x -timeout 10m

.PHONY: bench-text
bench-text: ## measure: CPU a page and peak memory of our text beside its engine alone and pdftotext -raw, on the leaflets in ../shared, the worst first
	@$(GO) test ./internal/pdf -run '^$$' -bench Text -benchtime 1x -v

.PHONY: bench-tables
bench-tables: ## measure: cells of tables against what a person read, on the public leaflets in the folder DIR, worst first
	@DRUGSLM_TABLES='$(abspath $(DIR))' $(GO) test ./internal/cli/leaflets -run 'TestTablesOfLeaflets' -count 1 -v

.PHONY: bench-words
bench-words: optional ## hold the words of each PDF in DIR (else: of the leaflets in ../shared) against pdftotext -raw, worst first; fails beyond 0.1 %
	@DRUGSLM_WORDS='$(abspath $(DIR))' $(GO) test ./internal/cli/leaflets -run '^$$' -bench '^BenchmarkWords$$' -benchtime 1x -timeout 3h

.PHONY: bench-leaflets
bench-leaflets: ## measure: what is found in the leaflets in DIR, patients and professionals apart, in two halves; faults of the first half, worst first
	@DRUGSLM_LEAFLETS='$(abspath $(DIR))' DRUGSLM_HELD_OUT=$(HELD_OUT) $(GO) test ./internal/cli/leaflets -run '^$$' -bench '^BenchmarkLeaflets$$' -benchtime 1x -timeout 3h

.PHONY: bench-scans
bench-scans: optional ## measure: CPU a page, wrong characters and words found by Tesseract, on the leaflets in ../shared
	@$(GO) test ./internal/host -run '^$$' -bench Scans -benchtime 1x -v

.PHONY: bench-corpus
bench-corpus: ## measure: time and memory to compare 17,600 leaflets of 50 kB, and to export 2,000 of them, on one core
	@$(GO) test ./internal/corpus -run '^$$' -bench . -benchtime 1x

.PHONY: bench-save
bench-save: ## measure this commit and keep the results in docs/benchmarks: BENCH=Snapshot BENCH_PACKAGES=./internal/lake COUNT=6
	@BENCH='$(BENCH)' BENCH_PACKAGES='$(BENCH_PACKAGES)' COUNT='$(COUNT)' deploy/bench.sh save

.PHONY: bench-compare
bench-compare: $(BIN)/tools/benchstat ## compare the last two results of this machine in docs/benchmarks
	@deploy/bench.sh compare

.PHONY: clean
clean: ## remove what was built; data stays
	@rm -rf $(BIN) .cache
