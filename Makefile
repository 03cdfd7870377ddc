# Go and make are all it takes. `make help` lists the targets.
GO          ?= go
STATICCHECK ?= honnef.co/go/tools/cmd/staticcheck@v0.8.2
CONFTEST_MODULE ?= github.com/open-policy-agent/conftest@v0.71.1

.DEFAULT_GOAL := help
.PHONY: help demo test unit race policy lint fmt build fuzz bench figures kill soak simulate planted replicas

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

demo: ## watch all of it work, no AWS account needed (KEEP=1 leaves it running)
	@$(GO) build -o bin/sluice ./cmd/sluice && bin/sluice demo $(if $(KEEP),--keep)

test: fmt lint race ## what CI runs, beside fuzzing

fmt: ## fail when a file is not gofmt-ed
	@out=$$(gofmt -l .); test -z "$$out" || { echo "not gofmt-ed:"; echo "$$out"; exit 1; }

lint: ## go vet and staticcheck
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

unit: ## tests, without the race detector
	$(GO) test ./...

# A program under the race detector sleeps for a second when it ends, in case another
# goroutine races then; the tests start hundreds. Scripts of a command alone do
# without the detector (cmd/sluice/scripts_test.go), so all scripts run without it too.
race: ## tests, with the race detector where goroutines share data
	GORACE="atexit_sleep_ms=0 $$GORACE" $(GO) test -race -timeout 30m ./...
	$(GO) test -run '^TestScripts$$' ./cmd/sluice

build: ## a static binary in bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o bin/sluice ./cmd/sluice

# Go's fuzzing now and then takes the end of its own time for a failure: then it says
# so, and names no failing input.
fuzz: ## every fuzz target for FUZZTIME (default 10s); each package is built once
	@dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; cache=$$($(GO) env GOCACHE)/fuzz/sluice; \
	grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -n 1 dirname | sort -u | while read -r folder; do \
		$(GO) test -c -ldflags '-s -w' -fuzz . -o "$$dir/fuzz.test" "$$folder" || exit 1; \
		grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$$folder"/*_test.go | sort | while read -r _ target; do \
			echo "$$folder $$target"; \
			(cd "$$folder" && "$$dir/fuzz.test" -test.run '^$$' -test.fuzz "^$$target\$$" -test.fuzztime $(or $(FUZZTIME),10s) \
				-test.fuzzminimizetime 1s -test.fuzzcachedir "$$cache/$$folder") </dev/null >"$$dir/log" 2>&1 || \
				{ grep -qx ' *context deadline exceeded' "$$dir/log" && ! grep -q 'Failing input' "$$dir/log"; } || \
				{ cat "$$dir/log"; exit 1; }; \
			grep '^fuzz: elapsed' "$$dir/log" | tail -n 1 | tee -a "$$dir/all"; \
		done || exit 1; \
	done && awk '{ n += $$5; time = $$3; while (match(time, /^[0-9.]+[hms]/)) { unit = substr(time, RLENGTH, 1); \
			hours += substr(time, 1, RLENGTH - 1) / (unit == "h" ? 1 : unit == "m" ? 60 : 3600); time = substr(time, RLENGTH + 1) } } \
		END { printf "figure: fuzz targets, executions, and hours: %d, %d, %.2f\n", NR, n, hours }' "$$dir/all"

figures: ## the table of figures in ARCHITECTURE.md anew: about two hours
	.ci/figures

kill: ## SIGKILL the program at random moments, LOOPS times (default 1000, three minutes), from SEED
	@log=$$(mktemp); trap 'rm -f "$$log"' EXIT; \
	SLUICE_KILL_LOOPS=$(or $(LOOPS),1000) SLUICE_KILL_SEED=$(or $(SEED),1) \
		$(GO) test -count 1 -timeout 12h -v -run '^TestKilled$$' ./cmd/sluice >"$$log" 2>&1 || { cat "$$log"; exit 1; }; \
	grep -E '^ *\||figure:' "$$log"

soak: ## the daemon for DAYS of its own time (default 30, two minutes), and as a process for SECONDS (default 180)
	@log=$$(mktemp); trap 'rm -f "$$log"' EXIT; \
	SLUICE_SOAK_DAYS=$(or $(DAYS),30) SLUICE_SOAK_SECONDS=$(or $(SECONDS),180) \
		$(GO) test -count 1 -timeout 12h -v -run '^TestSoak' ./cmd/sluice >"$$log" 2>&1 || { cat "$$log"; exit 1; }; \
	grep -E '^ *\||figure:' "$$log"

bench: ## every benchmark, once; audits are measured beside conftest's, where it can be installed
	-@test -x bin/conftest || GOBIN=$(CURDIR)/bin $(GO) install $(CONFTEST_MODULE)
	CONFTEST=$(CURDIR)/bin/conftest $(GO) test -run '^$$' -bench . -benchtime 1x ./...

simulate: ## the loop in a simulated world: SEED=n replays one, SEEDS=n runs so many, HOURS=n goes on with fresh ones
	$(GO) test -count 1 -timeout 0 -v -run '^TestSimulate$$' ./reconcile/simulation -args $(if $(SEED),-sim.seed=$(SEED),$(if $(SEEDS),-sim.seeds=$(SEEDS),-sim.for=$(if $(HOURS),$(HOURS)h,$(or $(FOR),5m))))

planted: ## bugs are planted, and the simulation must catch each
	$(GO) test -count 1 -timeout 0 -v -run '^TestThePlantedBugsAreCaught$$' ./reconcile/simulation -args -sim.planted

replicas: ## three daemons on one table, stopped, killed and cut off for ROUNDS (default 200, a quarter of an hour)
	SLUICE_REPLICA_ROUNDS=$(or $(ROUNDS),200) $(GO) test -count=1 -timeout 3h -v -run '^TestReplicasNeverActTwice$$' ./cmd/sluice
