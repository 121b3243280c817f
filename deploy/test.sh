#!/usr/bin/env bash
# Runs every test. Called by `make test`, which has built and fetched what the tests need.
set -euo pipefail
cd "$(dirname "$0")/.."

export DRUGSLM_E2E=1
export DRUGSLM_BIN="$PWD/bin"
export DRUGSLM_SHARED="${DRUGSLM_SHARED:-$PWD/../shared}"
if [ -x .cache/reader/bin/python ]; then export DRUGSLM_PYTHON="$PWD/.cache/reader/bin/python"; fi

grid=''
stop_grid() { if [ -n "$grid" ]; then kill "$grid" 2>/dev/null || true; wait "$grid" 2>/dev/null || true; fi; }
trap stop_grid EXIT
if [ -d deploy/grid/node_modules ]; then
  log=$(mktemp)
  deploy/grid/up.sh 0 >"$log" 2>&1 &
  grid=$!
  for _ in $(seq 120); do
    hub=$(sed -n 's/^ready //p' "$log")
    if [ -n "$hub" ] || ! kill -0 "$grid" 2>/dev/null; then break; fi
    sleep 0.5
  done
  if [ -z "${hub:-}" ]; then
    cat "$log" >&2
    echo 'error: the Selenium Grid did not start' >&2
    exit 1
  fi
  export DRUGSLM_TEST_HUB_URL="$hub"
fi

# The end-to-end tests take longest, so they come first.
# SQLite, which is C translated to Go, is built without the race detector: see docs/adr/0077-sqlite-without-race-detector.md before you add a package to this.
go test -race -gcflags=modernc.org/sqlite/lib=-race=false -timeout 60m ./e2e ./...
# What hostile texts cost cannot be counted with the race detector.
go test -timeout 20m -run '^TestTheCostGrowsWithTheText$' ./internal/leaflet
# Each benchmark runs once, at a small size: so its set-up keeps fitting the code. Those of ./e2e need a server for minutes: make bench runs them.
mapfile -t measured < <(grep -rl --include='*_test.go' '^func Benchmark' activities internal workflows cmd | xargs -n1 dirname | sort -u | sed 's|^|./|')
go test -timeout 10m -short -run '^$' -bench . -benchtime 1x "${measured[@]}"
(cd deploy/temporal && go test -timeout 10m ./...)
