#!/usr/bin/env bash
# Installs our git hooks in this clone. One that somebody else installed is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."

hooks=$(git rev-parse --git-path hooks)
mkdir -p "$hooks"
for name in pre-commit commit-msg; do
  if [ -e "$hooks/$name" ] && ! grep -q 'Installed by `make hook`' "$hooks/$name"; then
    echo "error: $hooks/$name is there and not ours: remove it, or call deploy/hooks/$name from it" >&2
    exit 1
  fi
  cp "deploy/hooks/$name" "$hooks/$name"
  chmod +x "$hooks/$name"
  echo "installed $hooks/$name"
done
