#!/usr/bin/env bash
# Keeps the results of benchmarks by commit and machine, and compares the last two of this machine.
#   deploy/bench.sh save      runs BENCH in BENCH_PACKAGES and writes docs/benchmarks/<commit>-<machine>.txt
#   deploy/bench.sh compare   shows what changed between the last two, with benchstat
set -euo pipefail
cd "$(dirname "$0")/.."

go=${GO:-go}
folder=docs/benchmarks
cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -1)
machine=${MACHINE:-$(printf '%s-%s' "${cpu:-$(uname -m)}" "$(getconf _NPROCESSORS_ONLN)" | tr 'A-Z' 'a-z' | sed -E 's/\((r|tm)\)//g; s/[^a-z0-9]+/-/g; s/^-|-$//g')}

case ${1:-} in
save)
  if [ -n "$(git status --porcelain)" ]; then
    echo 'error: there are changes that are not committed: results are kept by commit, so commit first' >&2
    exit 1
  fi
  mkdir -p "$folder"
  out=$folder/$(git rev-parse --short=12 HEAD)-$machine.txt
  part=$(mktemp)
  trap 'rm -f "$part"' EXIT
  {
    echo "commit: $(git rev-parse HEAD)"
    echo "commit-time: $(git show -s --format=%cI HEAD)"
    echo "measured: $(date -u +%FT%TZ)"
    echo "machine: $machine"
    echo "load: $(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo unknown)"
    echo "go: $($go env GOVERSION)"
  } >"$part"
  # shellcheck disable=SC2086 # a list of packages
  $go test -run '^$' -bench "${BENCH:-.}" -benchmem -benchtime "${BENCHTIME:-0.5s}" -count "${COUNT:-6}" ${BENCH_PACKAGES:-./internal/rows ./internal/lake ./internal/versions} | tee -a "$part"
  cp "$part" "$out"
  echo "wrote $out: commit it"
  ;;
compare)
  mapfile -t last < <(grep -H '^measured: ' "$folder"/*-"$machine".txt 2>/dev/null | sed -E 's/^([^:]*):measured: (.*)$/\2 \1/' | sort | tail -2 | cut -d' ' -f2)
  if [ ${#last[@]} -lt 2 ]; then
    echo "error: $folder has ${#last[@]} results of this machine ($machine), and two are compared: run make bench-save at two commits" >&2
    exit 1
  fi
  bin/tools/benchstat "${last[@]}"
  ;;
*)
  echo 'usage: deploy/bench.sh save|compare' >&2
  exit 2
  ;;
esac
