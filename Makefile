# Each target installs and builds what it needs; Nx remembers what is up to date.
SHELL := /bin/bash
.DEFAULT_GOAL := help
NX := npx nx
SERVICES := user-service,order-service,sequencer
SERVICE_OF_dev-user := user-service
SERVICE_OF_dev-order := order-service
SERVICE_OF_dev-sequencer := sequencer
# Packages are installed again when the lock file has changed.
INSTALLED := node_modules/.package-lock.json

.PHONY: help
help: ## Show all commands
	@awk 'BEGIN { FS = ":.*## "; print "make run starts everything, make test tests everything.\n" } \
		/^[a-z-]+:.*## / { printf "  \033[1m%-18s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(INSTALLED): package.json package-lock.json
	@echo "Installing packages from npm; the first time this takes a minute or two."
	@npm ci --loglevel=error && touch $(INSTALLED)

.PHONY: deps install-tools
deps: $(INSTALLED) ## Install the packages
install-tools: deps ## Install the tools for development (they are among the packages)

.PHONY: build run run-user run-order run-sequencer
build: deps ## Build everything into dist/
	@$(NX) run-many -t build
run: deps ## Start all services on an embedded PostgreSQL
	@echo "Building."
	@output=$$($(NX) run-many -t build -p local-stack,$(SERVICES) 2>&1) || { echo "$$output"; exit 1; }
	@exec node dist/tools/local-stack/main.js
run-user: deps ## Start the user service alone, on the database that the environment or .env names
	@$(NX) build user-service && exec node dist/apps/user-service/main.js
run-order: deps ## Start the order service alone
	@$(NX) build order-service && exec node dist/apps/order-service/main.js
run-sequencer: deps ## Start the sequencer alone
	@$(NX) build sequencer && exec node dist/apps/sequencer/main.js

.PHONY: token
token: deps ## Print a token for the sequencer of make run: make token ROLE=viewer, operator or admin
	@output=$$($(NX) build local-stack 2>&1) || { echo "$$output" >&2; exit 1; }
	@exec node dist/tools/local-stack/main.js --token "$(ROLE)"

.PHONY: dev dev-user dev-order dev-sequencer
dev: ## The same as make run, with each service started again when its sources change
dev-user: ## The same, for the sources of the user service alone
dev-order: ## The same, for the order service
dev-sequencer: ## The same, for the sequencer
dev dev-user dev-order dev-sequencer: deps
	@echo "Building."
	@output=$$($(NX) run-many -t build -p local-stack,$(SERVICES) 2>&1) || { echo "$$output"; exit 1; }
	@exec node tools/build/src/dev.mjs $(SERVICE_OF_$@)

.PHONY: migrate-up
migrate-up: deps ## Bring the databases that the environment or .env names to this build's schema
	@$(NX) run-many -t build -p $(SERVICES)
	@for service in user-service order-service sequencer; do node dist/apps/$$service/main.js --migrate || exit 1; done

.PHONY: test test-user test-order test-sequencer test-integration coverage lint format format-check typecheck
test: deps ## Check and test everything
	@$(NX) run-many -t build lint typecheck
	@npx prettier --check --log-level warn .
	@node dist/tools/generators/main.js --check
	@$(NX) run-many -t test --parallel=1
test-user: deps ## Test the user service
	@$(NX) test user-service
test-order: deps ## Test the order service
	@$(NX) test order-service
test-sequencer: deps ## Test the sequencer
	@$(NX) test sequencer
test-integration: deps ## Test the whole: the local stack, failures under load, the README
	@$(NX) run-many -t build && $(NX) run-many -t test -p local-stack,system-tests --parallel=1
coverage: deps ## Test everything, and report what the tests reach in coverage/
	@$(NX) run-many -t build && $(NX) run-many -t test --parallel=1 -- --coverage
lint: deps ## Check the code and the boundaries between projects
	@$(NX) run-many -t lint
typecheck: deps ## Check the types
	@$(NX) run-many -t typecheck
format: deps ## Format all files
	@npx prettier --write --log-level warn .

.PHONY: bench docs
bench: deps ## Measure, side by side, as a table and as JSON (two minutes)
	@$(NX) run-many -t build -p bench,sequencer && node dist/tools/bench/main.js
docs: deps ## Write .env.example and docs/configuration.md from the schemas
	@$(NX) run-many -t build -p generators,$(SERVICES) && node dist/tools/generators/main.js && npx prettier --write --log-level warn docs/configuration.md

.PHONY: clean docker-up docker-down docker-clean
clean: ## Delete what was built or measured; the data of make run stays
	rm -rf dist coverage .nx apps/*/src/generated
docker-up docker-down docker-clean:
	@echo "Containers are not there yet; make run needs none." >&2; exit 1
docker-up: ## Start the containers (not there yet)
docker-down: ## Stop the containers (not there yet)
docker-clean: ## Delete the containers and their data (not there yet)
