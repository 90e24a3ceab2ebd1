# Every developer command. `make help` lists them; .ci/run calls the same ones.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# The steps of a target build on each other and share one target directory.
.NOTPARALLEL:

CACHE := $(CURDIR)/.cache
LIBTORCH_LIB := $(CACHE)/libtorch/lib
NEXTEST_VERSION := 0.9.143
CARGO_FUZZ_VERSION := 0.13.2
S3S_FS_VERSION := 0.14.1
CARGO_FLAGS := --locked --workspace
# Doc tests are linked in a temporary folder, from where the run path of .cargo/config.toml leads nowhere.
LIBRARY_PATH_NAME := $(if $(filter Darwin,$(shell uname -s)),DYLD_LIBRARY_PATH,LD_LIBRARY_PATH)

ROOMS := src actors bus inference loadtest protocol storage
# What `make loadtest` measures.
PEERS := digital-twin,socket.io,ws,bun,nats
# Succeeds if a documentation comment has a code block that rustdoc would run.
HAS_RUST_EXAMPLE := FNR == 1 { open = 0 } \
	/^ *\/\/[\/!] *```/ { if (!open && /```(rust|no_run|should_panic|compile_fail)?(,.*)?$$/) found = 1; open = !open } \
	END { exit !found }

export PATH := $(CACHE)/tools/bin:$(PATH)

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Fetch libtorch and the default models into .cache (the first time about 700 MB), and a C++ compiler if missing
	@setup/packages.sh build
	@python3 setup/fetch.py

.PHONY: run
run: setup web ## Build the release binary and the browser client, prepare the embedded database with a demo twin, serve on http://127.0.0.1:8000
	@cargo build --locked --release --bin digital-twin
	@./target/release/digital-twin migrate
	@./target/release/digital-twin seed
	@exec ./target/release/digital-twin serve

.PHONY: check
check: setup ## Type-check everything
	@cargo check $(CARGO_FLAGS) --all-targets

.PHONY: fmt
fmt: ## Format the Rust code
	@cargo fmt --all

.PHONY: lint
lint: setup ## Check the formatting and the lints; a warning is an error
	@if cargo fmt --version >/dev/null 2>&1; then cargo fmt --all --check; \
	else echo "lint skipped: no rustfmt; 'rustup component add rustfmt' installs it"; fi
	@if cargo clippy --version >/dev/null 2>&1; then cargo clippy $(CARGO_FLAGS) --all-targets -- -D warnings; \
	else echo "lint skipped: no clippy; 'rustup component add clippy' installs it"; fi

# Every step runs, whatever became of the one before: one run shows all that is wrong.
TEST_STEPS := lint test-rust test-doc test-web test-python test-ops autobahn torture-short torture-cluster-short

.PHONY: test
test: setup ## Everything: lints, Rust tests on real PostgreSQL, Redis and S3 storage, the browser client in Chromium, Python tests, Autobahn
	@python3 setup/results.py clear
	@failed=""; \
	for step in $(TEST_STEPS); do $(MAKE) --no-print-directory $$step || failed+=" $$step"; done; \
	python3 setup/results.py print || failed+=" results"; \
	if [ -n "$$failed" ]; then echo "make test: failed in$$failed" >&2; exit 1; fi

.PHONY: test-rust
test-rust: setup test-packages nextest ## The Rust tests, beside a private PostgreSQL, Redis and S3 storage; T="filter" picks some
	@setup/services.py run -- cargo nextest run $(CARGO_FLAGS) --profile ci $(if $(T),-E '$(T)')

.PHONY: test-doc
test-doc: setup ## The examples in the documentation of the Rust code
	@if find $(ROOMS) -name '*.rs' -exec awk '$(HAS_RUST_EXAMPLE)' {} +; then \
		$(LIBRARY_PATH_NAME)="$(LIBTORCH_LIB)" cargo test $(CARGO_FLAGS) --doc --quiet; \
	else echo "no examples in the documentation of the Rust code"; fi

# The oldest Node that Next.js takes.
NODE_MAJOR_MIN := 20
HAS_NODE := node -e 'process.exit(Number(process.versions.node.split(".")[0]) < $(NODE_MAJOR_MIN) ? 1 : 0)' 2>/dev/null
WEB_SOURCES = $(shell find web \( -name node_modules -o -name out -o -name .next -o -name dist -o -name tests -o -name screenshots \) \
	-prune -o -type f -not -name '*.tsbuildinfo' -print)

.PHONY: web
web: ## Build the browser client into web/out, if there is Node 20 or newer
	@if $(HAS_NODE); then $(MAKE) --no-print-directory web/out/policies.json; \
	else echo "the browser client is not built: that needs Node $(NODE_MAJOR_MIN) or newer with npm"; fi

web/node_modules/.package-lock.json: web/package-lock.json
	@cd web && npm ci --silent --no-audit --no-fund

web/out/policies.json: web/node_modules/.package-lock.json $(WEB_SOURCES)
	@cd web && NEXT_TELEMETRY_DISABLED=1 npm run --silent build

.PHONY: web-types
web-types: setup web/node_modules/.package-lock.json ## The browser client's types of frames and of the HTTP API, after either has changed
	@cargo build --locked --bin digital-twin
	@cd web && npm run --silent generate

.PHONY: test-web
test-web: setup test-packages ## The browser client: lints, types, its connection beside the real server, and the pages in Chromium; T=name picks some
	@$(HAS_NODE) || { echo "test-web needs Node $(NODE_MAJOR_MIN) or newer with npm" >&2; exit 1; }
	@cargo build --locked --bin digital-twin
	@$(MAKE) --no-print-directory web/out/policies.json
	@cd web && linted=0 && { npm run --silent lint || linted=1; } && npm run --silent test -- $(T) && exit $$linted

.PHONY: bench-web
bench-web: setup test-packages ## What the browser client loads, when it is painted, how long a key waits, how 100,000 messages scroll; MESSAGES=n
	@cargo build --locked --release --bin digital-twin
	@$(MAKE) --no-print-directory web/out/policies.json && mkdir -p target/bench
	@cd web && PROGRAM=target/release/digital-twin npm run --silent bench

.PHONY: test-python
test-python: setup test-packages ## The Python tests: the set-up, the API as OpenAPI and AsyncAPI describe it, the official OpenAI clients, exports of chats beside other parsers, the bot in docs/PROTOCOL.md
	@cargo build --locked --bin digital-twin
	@python3 setup/unit_tests.py

.PHONY: test-ops
test-ops: setup test-packages ## What runs the program: dashboards, alerts and runbook on two real nodes under load, nginx before them, everything in deploy, backups; T=nginx picks, LONG=1 waits
	@setup/packages.sh ops
	@cargo build --locked --bin digital-twin
	@setup/services.py run -- env $(if $(LONG),TEST_OPS_LONG=1) python3 setup/ops_tests.py $(if $(T),test_$(T).py)

.PHONY: test-images
test-images: setup test-packages ## The images built and run on a Docker daemon of the test's own, all of deploy/compose.yaml, and an update under load; as root; PROGRAM=file
	@setup/packages.sh images
	@$(if $(PROGRAM),,cargo build --locked --release --bin digital-twin)
	@$(MAKE) --no-print-directory web/out/policies.json
	@tests/images/run.py $(or $(PROGRAM),target/release/digital-twin) web/out

.PHONY: test-alerts
test-alerts: setup test-packages ## Every alert fires because of a deliberate fault and ends with it; some minutes
	@setup/packages.sh ops
	@cargo build --locked --bin digital-twin
	@setup/services.py run -- python3 setup/ops_tests.py every_alert.py

.PHONY: drill
drill: setup test-packages ## The disaster drill: back up under load, kill the server, destroy what it kept, restore, go on; MESSAGES=n
	@setup/packages.sh ops
	@cargo build --locked --release --bin digital-twin
	@setup/services.py run -- python3 setup/ops_tests.py drill --program target/release/digital-twin \
		$(if $(MESSAGES),--messages $(MESSAGES))

.PHONY: autobahn
autobahn: setup ## The Autobahn test suite against our WebSocket transport; LONG=1 adds its performance cases
	@cargo build --locked --example echo
	@tests/autobahn/run.py $(if $(LONG),--long) -- target/debug/examples/echo --port 0

.PHONY: bench
bench: setup test-packages ## The benchmarks, beside a private Redis and PostgreSQL; each prints its figures
	@setup/services.py run -- cargo bench $(CARGO_FLAGS) --bench '*'
	@$(MAKE) --no-print-directory bench-inference

.PHONY: bench-inference
bench-inference: setup ## Inference beside llama.cpp, transformers and sentence-transformers; WORK="decode-1 prefill" picks some
	@inference/benches/compare/peers/install.sh "$(CACHE)/peers"
	@"$(CACHE)/peers/bin/python" inference/benches/compare/compare.py $(WORK) $(if $(THREADS),--threads $(THREADS)) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) --out target/bench/inference.json

# llama.cpp for any processor, and not from a cache: compiled for one with AMX it dies at its first token.
.PHONY: test-llama-server
test-llama-server: setup ## A node beside llama.cpp's own server (compiles llama.cpp, once)
	@cargo build --locked --bin digital-twin
	@test -x "$(CACHE)/llama-server/bin/python" || python3 -m venv "$(CACHE)/llama-server"
	@CMAKE_ARGS="-DGGML_NATIVE=OFF -DLLAVA_BUILD=OFF -DMTMD_BUILD=OFF" "$(CACHE)/llama-server/bin/pip" install --quiet --no-cache-dir \
		--requirement tests/llama_server/requirements.txt
	@"$(CACHE)/llama-server/bin/python" tests/llama_server/test_llama_server.py

.PHONY: multilingual
multilingual: ## Fetch multilingual-e5-small, an embedding model of a hundred languages, into .cache/models
	@python3 setup/multilingual.py "$(CACHE)/models"

.PHONY: bench-retrieval
bench-retrieval: setup multilingual ## Retrieval on Debian's documents beside bm25s, rank-bm25 and sentence-transformers, in English and Chinese
	@inference/benches/compare/peers/install.sh "$(CACHE)/peers"
	@tests/retrieval/install.sh "$(CACHE)"
	@cargo build --locked --release --bin digital-twin --example retrieval
	@for model in $(or $(MODELS),all-minilm-l6-v2 multilingual-e5-small); do \
		PYTHONPATH="$(CACHE)/retrieval/peers" "$(CACHE)/peers/bin/python" tests/retrieval/compare.py $(LANGUAGES) \
			--model "$(CACHE)/models/$$model" || exit; \
	done

.PHONY: loadtest
loadtest: setup ## Measure the server beside socket.io, ws, Bun and nats (SERVERS=digital-twin for ours alone); SUITE=file.json
	@setup/packages.sh load
	@cargo build --locked --release --bin digital-twin --bin loadtest
	@cd loadtest/peers && npm ci --silent
	@ulimit -n 20000 && taskset -c 1 target/release/loadtest measure $(or $(SUITE),loadtest/scenarios/peers.json) \
		--servers $(or $(SERVERS),$(PEERS)) --server-cpus 0

.PHONY: loadtest-inference
loadtest-inference: setup ## How long people wait for each other while the inference pool is never idle, beside the same without it
	@cargo build --locked --release --bin digital-twin --bin loadtest
	@target/release/loadtest measure loadtest/scenarios/beside_inference.json --out target/loadtest/beside-inference

.PHONY: loadtest-durable
loadtest-durable: setup ## Measure messages that are kept beside what SQLite and PostgreSQL do by themselves
	@setup/packages.sh load
	@cargo build --locked --release --bin digital-twin --bin loadtest
	@target/release/loadtest measure loadtest/scenarios/durable.json --out target/loadtest/sqlite
	@setup/services.py run -- bash -c 'target/release/loadtest measure loadtest/scenarios/durable.json \
		--postgres "$$TEST_POSTGRES_URL" --out target/loadtest/postgres'

.PHONY: bench-cluster
bench-cluster: setup test-packages ## Several nodes on one machine: hops between them, publishing beside a pooled Redis, messages a second, and what a simulation says of them
	@cargo build --locked --release --bin digital-twin --bin loadtest
	@setup/services.py run -- cargo bench $(CARGO_FLAGS) --bench publish
	@setup/services.py run -- bash -c 'target/release/loadtest measure loadtest/scenarios/cluster.json --cluster --out target/loadtest/cluster && \
		target/release/loadtest predict --out target/loadtest/cluster'

.PHONY: capacity
capacity: setup ## How many machines so many connections need, from loadtest/capacity.json
	@cargo run --locked --quiet --bin loadtest -- capacity

# What both torture targets run: on SQLite, then on a private PostgreSQL.
define TORTURE
	@ulimit -n 20000 && $(1)/loadtest torture --server $(1)/digital-twin $(2)
	@ulimit -n 20000 && setup/services.py run -- bash -c \
		'exec $(1)/loadtest torture --server $(1)/digital-twin $(2) --postgres "$$TEST_POSTGRES_URL"'
endef

.PHONY: torture-short
torture-short: setup test-packages torture-broken ## Clients that write while connections are cut, rooms change and the server is killed; SEED=n
	@cargo build --locked --bin digital-twin --bin loadtest
	$(call TORTURE,target/debug,--messages 20000 --kills 5 --cuts 1000 --slow-readers 100 --seed $(or $(SEED),1))

.PHONY: torture-broken
torture-broken: setup test-packages ## The same on a server that acknowledges before it commits, which must be caught
	@cargo build --locked --bin digital-twin --features ack-before-commit
	@mv target/debug/digital-twin target/debug/digital-twin-broken
	@cargo build --locked --bin loadtest
	@target/debug/loadtest torture --server target/debug/digital-twin-broken --messages 5000 --kills 5 --must-be-caught

.PHONY: torture-core
torture-core: setup nextest ## The pure core under 100,000 random histories of each kind; CASES=n
	@PROPTEST_CASES=$(or $(CASES),100000) cargo nextest run --locked --package actors \
		-E 'test(histories) | test(timeline::tests) | test(fan_out::tests)'

.PHONY: torture
torture: setup test-packages torture-core torture-broken ## The same with 100,000 messages, 20 kills, 10,000 cuts and 1,000 slow readers
	@cargo build --locked --release --bin digital-twin --bin loadtest
	$(call TORTURE,target/release,--messages 100000 --kills 20 --cuts 10000 --slow-readers 1000 --clients 64 \
		--conversations 32 --guests 16 --room-changes 2000 --seed $(or $(SEED),1))

# Beside the private PostgreSQL only because that says where its programs are.
define TORTURE_CLUSTER
	@ulimit -n 20000 && setup/services.py run -- $(1)/loadtest torture --server $(1)/digital-twin --nodes 3 --slow-readers 0 $(2)
endef

.PHONY: torture-cluster-short
torture-cluster-short: setup test-packages ## Three nodes that die, pause and lose each other, PostgreSQL and Redis, most faults once; SEED=n
	@cargo build --locked --bin digital-twin --bin loadtest
	$(call TORTURE_CLUSTER,target/debug,--pace 20 --talks 12 --kills 6 --faults 14 --partitions 3 --seed $(or $(SEED),1))

.PHONY: torture-cluster
torture-cluster: setup test-packages ## The same with 116 faults until 200 replies have lost their node in mid-text, then 20 of the model; half an hour
	@cargo build --locked --release --bin digital-twin --bin loadtest
	$(call TORTURE_CLUSTER,target/release,--pace 20 --talks 48 --kills 40 --faults 56 --partitions 20 --kills-in-mid-reply 200 \
		--limit-seconds 3600 --seed $(or $(SEED),1))
	$(call TORTURE_CLUSTER,target/release,--pace 20 --engine model --talks 8 --clients 0 --guests 0 --room-changes 0 --kills 0 --faults 0 \
		--partitions 0 --kills-in-mid-reply 20 --limit-seconds 1800 --seed $(or $(SEED),1))

.PHONY: rolling-restarts
rolling-restarts: setup test-packages ## Every one of three nodes is replaced five times while people write and talk with twins
	@cargo build --locked --release --bin digital-twin --bin loadtest
	$(call TORTURE_CLUSTER,target/release,--clients 96 --conversations 48 --guests 0 --room-changes 0 --talks 12 --kills 0 --partitions 0 --cuts 0 \
		--rolling-restarts 5 --limit-seconds 1200 --seed $(or $(SEED),1))

# Neither sanitizer nor nightly compiler: the codecs have no unsafe code.
.PHONY: fuzz
fuzz: setup ## Fuzz both codecs, RUNS inputs each; a crash stays in .cache/fuzz
	@cargo fuzz --version >/dev/null 2>&1 || cargo install --locked --root "$(CACHE)/tools" cargo-fuzz@$(CARGO_FUZZ_VERSION)
	@protocol/fuzz/seeds.py "$(CACHE)/fuzz"
	@for codec in json messagepack; do \
		cargo fuzz run --fuzz-dir protocol/fuzz --target-dir target/fuzz --sanitizer none $$codec "$(CACHE)/fuzz/$$codec" -- \
			-runs=$(or $(RUNS),10000000) -max_len=4096 -artifact_prefix="$(CACHE)/fuzz/" -print_final_stats=1 -verbosity=0; \
	done

.PHONY: fixtures
fixtures: setup ## Make inference/fixtures anew with transformers and llama.cpp (several GB of Python packages)
	@python3 -m venv "$(CACHE)/fixtures"
	@"$(CACHE)/fixtures/bin/pip" install --quiet --requirement inference/fixtures/requirements.txt
	@"$(CACHE)/fixtures/bin/python" inference/fixtures/make_fixtures.py

.PHONY: doc
doc: setup ## Build the documentation of the Rust code into target/doc
	@cargo doc $(CARGO_FLAGS) --no-deps

.PHONY: clean-cache
clean-cache: ## Delete what setup fetched (.cache); the build in target stays
	@rm -rf "$(CACHE)"

# The steps below are part of others.
.PHONY: test-packages nextest s3s-fs
test-packages: s3s-fs
	@setup/packages.sh test

# An S3 server that refuses a wrong secret. Newer ones need a newer compiler.
s3s-fs:
	@command -v s3s-fs >/dev/null || cargo install --root "$(CACHE)/tools" --features binary s3s-fs@$(S3S_FS_VERSION)

nextest:
	@cargo nextest --version >/dev/null 2>&1 || cargo install --locked --root "$(CACHE)/tools" cargo-nextest@$(NEXTEST_VERSION)
