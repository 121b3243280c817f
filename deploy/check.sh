#!/usr/bin/env bash
# What `make check` does before a commit: format, vet and tests of the packages that changed, and what is generated.
# It needs neither server nor browser, and leaves the longest tests to `make test`. BASE names what changes are counted against.
set -euo pipefail
cd "$(dirname "$0")/.."

go=${GO:-go}
start=$SECONDS
step() { printf '%3d s  %s\n' $((SECONDS - start)) "$*"; }

base=${BASE:-}
if [ -z "$base" ]; then
  base=$(git merge-base HEAD origin/main 2>/dev/null || git merge-base HEAD main 2>/dev/null || git rev-parse HEAD)
fi
mapfile -t files < <({ git diff --name-only --diff-filter=d "$base" --; git ls-files --others --exclude-standard; } | sort -u)
step "${#files[@]} files changed since $(git rev-parse --short "$base")"

gofiles=()
declare -A folders=()
for file in "${files[@]}"; do
  case $file in
    deploy/temporal/* | tools/*) continue ;; # modules of their own
    *.go) gofiles+=("$file") ;;
  esac
  # A changed file belongs to the nearest folder above it that holds Go files: so do templates and testdata.
  folder=$(dirname "$file")
  while [ "$folder" != . ] && ! compgen -G "$folder/*.go" >/dev/null; do folder=$(dirname "$folder"); done
  if [ "$folder" != . ]; then folders["./$folder"]=1; fi
done

if [ ${#gofiles[@]} -gt 0 ]; then
  step "format: gofmt of ${#gofiles[@]} files"
  unformatted=$(gofmt -l "${gofiles[@]}")
  if [ -n "$unformatted" ]; then
    gofmt -d "${gofiles[@]}"
    printf 'not formatted:\n%s\nRun: gofmt -w %s\n' "$unformatted" "$(echo $unformatted)"
    exit 1
  fi
fi

if [ ${#folders[@]} -gt 0 ]; then
  mapfile -t packages < <($go list -e -f '{{if or .GoFiles .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' "${!folders[@]}" | sort)
  # Packages that import a changed one are compiled and vetted, so that what no longer fits is seen; their tests are left to `make test`.
  mapfile -t importers < <($go list -f '{{.ImportPath}} {{join .Imports " "}} {{join .TestImports " "}} {{join .XTestImports " "}} ' ./... |
    awk -v changed="$(printf '%s ' "${packages[@]}")" 'BEGIN { n = split(changed, names, " ") } { for (i = 1; i <= n; i++) if (index($0, " " names[i] " ")) { print $1; next } }')
  step "vet: ${#packages[@]} packages that changed and ${#importers[@]} that import them"
  $go vet "${packages[@]}" "${importers[@]}"
  step "test: $(printf '%s ' "${packages[@]#drugslm/}")"
  $go test -short "${packages[@]}"
fi

step 'generated files and links of documents'
$go test -short ./docs ./docs/docstest ./internal/config -run 'Generated|Guide|Links|Targets|Variables'
step 'done'
