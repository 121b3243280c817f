#!/usr/bin/env bash
# Runs every fuzzer there is, one after the other, for FUZZTIME each (default 1m; "20x" is a number of inputs). What it finds is written
# to the package's testdata/fuzz, from where every `go test` tries it again: commit it with the fix. Minimizing is bounded.
# Arguments name packages; none means all.
set -euo pipefail
cd "$(dirname "$0")/.."

time=${FUZZTIME:-1m}
failed=()
count=0
while IFS=: read -r file _ line; do
  name=${line#func }
  name=${name%%(*}
  package=./$(dirname "$file")
  echo "$package $name" >&2
  count=$((count + 1))
  if ! go test "$package" -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 5x -parallel "${FUZZPARALLEL:-2}" >"${TMPDIR:-/tmp}/drugslm-fuzz.$$" 2>&1; then
    cat "${TMPDIR:-/tmp}/drugslm-fuzz.$$" >&2
    failed+=("$package $name")
  fi
  rm -f "${TMPDIR:-/tmp}/drugslm-fuzz.$$"
done < <(grep -rn --include='*_test.go' '^func Fuzz' "${@:-.}" | grep -v node_modules | sed 's|^\./||' | sort)

if [ "$count" -eq 0 ]; then
  echo 'error: no fuzzer was found' >&2
  exit 1
fi
if [ "${#failed[@]}" -gt 0 ]; then
  printf 'error: %s\n' "${failed[@]}" >&2
  exit 1
fi
echo "$count fuzzers found nothing in $time each" >&2
