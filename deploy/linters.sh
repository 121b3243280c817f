#!/usr/bin/env bash
# Builds the linters into bin/tools, unless they are there for the versions in tools/go.sum.
set -euo pipefail
cd "$(dirname "$0")/.."

go=${GO:-go}
of=$(cat tools/go.mod tools/go.sum | sha256sum)
if [ -x bin/tools/golangci-lint ] && [ -x bin/tools/workflowcheck ] && [ "$(cat bin/tools/.built 2>/dev/null)" = "$of" ]; then
  exit 0
fi
packages=(github.com/golangci/golangci-lint/v2/cmd/golangci-lint go.temporal.io/sdk/contrib/tools/workflowcheck)
total=$(cd tools && "$go" list -deps "${packages[@]}" | wc -l)
echo "building the linters into bin/tools: about 14 minutes on two cores the first time, seconds when Go's build cache has them" >&2
mkdir -p bin/tools
start=$SECONDS
# -v names each package when it is compiled; what is in the cache is not named.
(cd tools && "$go" build -v -ldflags='-s -w' -o ../bin/tools/ "${packages[@]}" 2>&1) | awk -v total="$total" '
  /^[a-z0-9.]+[a-zA-Z0-9.]*(\/[^ ]*)?$/ { n++; if (n % 25 == 0) { printf "  %d of at most %d packages compiled\n", n, total; fflush() } next }
  { print; fflush() }' >&2
echo "$of" >bin/tools/.built
echo "built the linters in $((SECONDS - start)) s" >&2
