# Everything that is done with this repository, by name. `make help` lists it.

SHELL := /bin/bash
FUZZTIME ?= 20s

# The only build with a C compiler is the race detector's: two variants of every
# dependency are compiled, not three.
export CGO_ENABLED ?= 0

TOOL := go tool -modfile=tools.mod

.DEFAULT_GOAL := help
.PHONY: help run build test check format format-check tidy-check vet staticcheck bench test-faults fuzz clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start the throw-away demo server and print curl lines to paste
	go run ./cmd/gatehouse demo

build: ## build the static binary bin/gatehouse
	go build -o bin/gatehouse ./cmd/gatehouse

test: ## everything that CI checks, on SQLite and PostgreSQL; installs what it lacks
	scripts/test.sh

check: format-check vet staticcheck ## the quick round while working: format, vet, staticcheck, race detector on SQLite
	CGO_ENABLED=1 go test -race $$(go list ./... | grep -vE '/(interop|faults)$$')

format: ## rewrite the Go files as gofumpt wants them
	$(TOOL) gofumpt -w $$(git ls-files --cached --others --exclude-standard '*.go')

format-check:
	@unformatted=$$($(TOOL) gofumpt -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
	[ -z "$$unformatted" ] || { echo "not formatted, run 'make format':"; echo "$$unformatted"; exit 1; }

# Asks the module proxy for what the module cache lacks.
tidy-check:
	go mod tidy -diff

vet:
	go vet ./...

staticcheck:
	$(TOOL) staticcheck ./...

bench: ## tokens per second and CPU per token, against raw signatures
	scripts/need.sh openssl
	scripts/need.sh gcc gcc libc6-dev
	scripts/need.sh /usr/include/openssl/evp.h libssl-dev
	go test -run '^$$' -bench . -benchtime 6000x -timeout 30m ./bench
	go test -run '^$$' -bench VerifyOverRaw ./verify

test-faults: ## kill, stop and skew what surrounds a token, in full, and print the figures
	scripts/with-postgres.sh go test -count=1 -v -timeout 60m ./faults -args -full

fuzz: ## every fuzz target for FUZZTIME (20s) each
	FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

clean: ## remove what was built here
	rm -rf bin interop/npm/node_modules
