# The two commands that matter: `make demo` and `make test`. They need Go and a C compiler (for SQLite).

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -X main.version=$(VERSION)
# On Linux the program is built from what a release is built from; release/program says why.
ifeq ($(shell uname),Linux)
TAGS    := netgo,osusergo,sqlite_omit_load_extension
endif
CACHE   ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/pkgferry-tools
LINT    := $(CACHE)/golangci-lint-v2.15.0
FUZZTIME ?= 10s

DIST    ?= dist

.PHONY: build demo test integration openapi bench fuzz docs manual release fmt lint clean

build: ## bin/pkgferry and bin/standin
	$(GO) build -trimpath -tags '$(TAGS)' -ldflags '$(LDFLAGS)' -o bin/ ./cmd/pkgferry ./cmd/standin

demo: build ## a whole migration on loopback, no account needed
	bin/pkgferry demo

test: ## everything that needs nothing but Go and a C compiler
	$(GO) test -race -parallel 8 -timeout 30m ./...

REAL = $(shell git grep -l '^//go:build integration' -- '*_test.go')

integration: build ## real servers and real clients; installs what it needs
	integration/install.sh
	$(GO) test -race -tags integration -timeout 30m \
		-run "^($$(sed -nE 's/^func (Test[A-Za-z0-9_]+)\(.*/\1/p' $(REAL) | paste -sd '|'))$$" $(sort $(dir $(addprefix ./,$(REAL))))

openapi: ## the stand-in against GitLab's own description, named by PKGFERRY_GITLAB_OPENAPI
	$(GO) test -race -tags openapi -count 1 ./integration/standin/gitlab/...

bench: ## speed and memory as ratios, measured side by side
	$(GO) test -run '^$$' -bench . -benchtime 2s ./...

fuzz: ## every parser of foreign bytes, FUZZTIME each, two at a time
	@git grep -n '^func Fuzz' -- '*_test.go' | \
		sed -E 's|^(.*)/[^/]*_test\.go:[0-9]+:func (Fuzz[A-Za-z0-9_]*).*|\1 \2|' | \
		xargs -P 2 -L 1 sh -c 'GO=$(GO) .ci/fuzz "./$$0" "$$1" $(FUZZTIME)'

docs: manual ## what is generated from the code: pages under docs/, tables in README.md, and the manual
	PKGFERRY_WRITE_DOCS=1 $(GO) test -count 1 -run Documented ./internal/artifact ./internal/config ./cmd/pkgferry

manual: build ## dist/man and dist/completions: a page for each command, and completions for four shells
	mkdir -p $(DIST)/man $(DIST)/completions
	PKGFERRY_WRITE_MAN=$(abspath $(DIST))/man $(GO) test -count 1 -run ManualPages ./cmd/pkgferry
	bin/pkgferry completion bash >$(DIST)/completions/pkgferry.bash
	bin/pkgferry completion zsh >$(DIST)/completions/_pkgferry
	bin/pkgferry completion fish >$(DIST)/completions/pkgferry.fish
	bin/pkgferry completion powershell >$(DIST)/completions/pkgferry.ps1

release: ## static programs for Linux on amd64 and arm64, with bills of materials and checksums
	release/build

fmt:
	gofmt -w $$(git ls-files '*.go')

lint: $(LINT)
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'run make fmt'; exit 1; }
	$(GO) vet -tags 'integration openapi' ./...
	$(GO) mod tidy -diff
	$(LINT) run --build-tags integration,openapi ./...

$(LINT):
	GOBIN=$(CACHE) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
	mv $(CACHE)/golangci-lint $@

clean:
	rm -rf bin dist
