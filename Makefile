# `make help` says what there is.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 30s
ROUNDS   ?= 20

# Where tests write: in memory, if there is room, since most of what they would do on a disk is to wait for it. The compiler
# writes more, and stays on the disk.
TEMPORARY = $(or $(TMPDIR),/tmp)
SCRATCH  ?= $(shell deploy/scratch.sh "$(TEMPORARY)")

# The tests that CRIER_SOAK, a number of rounds, makes longer.
SOAKED := TestNothingIsLostWhenNodesDie|TestNothingIsLostWhenTheNetworkIsCut|TestReadsWhileAServerCatchesUp

# What `make generate` writes besides *.gen.go; generate-check compares these too.
GENERATED := deploy/crier.example.yaml

# The linter is large, so it is built once for each version of deploy/tools.
GOLANGCI_LINT = bin/tools/golangci-lint-$(shell cksum <deploy/tools/go.sum | cut -d' ' -f1)

.PHONY: help
help: ## This list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: ## The program, as bin/crier
	CGO_ENABLED=0 go build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/crier ./cmd/crier

.PHONY: run
run: build ## Build, then `crier dev`: the whole gateway on this machine, no account anywhere (ARGS="--api 127.0.0.1:9090")
	./bin/crier dev $(ARGS)

.PHONY: deps
deps: ## Install what tests need beyond Go (asks for root only if something is missing)
	@deploy/deps.sh

# Those that take longest begin first, so that nobody waits for them in the end.
LONGEST := ./cmd/crier ./rooms/stream

.PHONY: test
test: deps ## All tests under the race detector, then lint (SCRATCH=/var/tmp keeps their files there)
	@scratch=$$(mktemp -d "$(SCRATCH)/crier-XXXX") && chmod 755 "$$scratch"; trap 'rm -rf "$$scratch"' EXIT; set -x; \
	TMPDIR="$$scratch" GOTMPDIR="$(TEMPORARY)" CGO_ENABLED=1 go test -race -shuffle=on -count=1 -timeout=36m $(LONGEST) ./...
	@$(MAKE) --no-print-directory lint

.PHONY: lint
lint: $(GOLANGCI_LINT) ## Formatting, go vet, golangci-lint, and whether generated files are current
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt -w these:"; echo "$$unformatted"; exit 1; }
	go vet ./...
	$(GOLANGCI_LINT) run ./...
	@$(MAKE) --no-print-directory generate-check

$(GOLANGCI_LINT):
	@echo "Building golangci-lint; this takes a few minutes once"
	@rm -f bin/tools/golangci-lint-*
	@go build -modfile=deploy/tools/go.mod -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

.PHONY: generate
generate: ## Write all generated files anew
	go generate ./...

# Compares with what the files held a moment ago, not with the last commit, so that it works in the middle of a change.
.PHONY: generate-check
generate-check: ## Fail if a generated file is not what its sources say
	@sums() { { find . -name node_modules -prune -o -name '*.gen.go' -print; printf '%s\n' $(GENERATED) /dev/null; } | sort | xargs cksum 2>&1 || true; }; \
	before=$$(sums); \
	$(MAKE) --no-print-directory generate; \
	diff <(echo "$$before") <(sums) || { echo "These generated files were not current. They are now: commit them."; exit 1; }

.PHONY: bench
bench: ## Each benchmark once; they print ratios against a reference taken in the same run
	@deploy/deps.sh bench
	go test -run '^$$' -bench . -benchtime 1x -timeout 60m ./cmd/crier/...
	go test -run '^$$' -bench '^BenchmarkTake$$' ./rooms/quota
	CRIER_ROWS=1000000 go test -run '^$$' -bench '^BenchmarkImport$$' -benchtime 1x -timeout 60m ./cmd/crier

.PHONY: soak
soak: deps ## A cluster's faults, each ROUNDS times (20) in random order: hours
	CRIER_SOAK=$(ROUNDS) go test -count=1 -v -timeout 24h -run '^($(SOAKED))$$' ./cmd/crier ./rooms/stream

.PHONY: fuzz
fuzz: ## Each fuzz target for FUZZTIME (30s)
	@grep -rHoE --include='*_test.go' --exclude-dir=node_modules '^func Fuzz[A-Za-z0-9_]+' . | sort | \
	while IFS=: read -r file target; do \
		go test -run '^$$' -fuzz "^$${target#func }$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")"; \
	done

.PHONY: clean
clean: ## Remove what was built here
	rm -rf bin
	find . -name node_modules -prune -o \( -name '*.test' -o -name '*.prof' -o -name '*.pprof' \) -type f -exec rm {} +
