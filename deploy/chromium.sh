#!/usr/bin/env bash
# Installs chromium and chromium-driver from the distribution's packages where they are missing, and says so.
set -euo pipefail

if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then
  exit 0
fi
how='install the packages chromium and chromium-driver (Ubuntu: chromium-browser and chromium-chromedriver) and try again'
if ! command -v apt-get >/dev/null; then
  echo "error: chromium and chromedriver are missing, and this is no Debian or Ubuntu: $how" >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! sudo -n true 2>/dev/null; then
    echo "error: chromium and chromedriver are missing, and this user may not install packages: $how" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo 'installing chromium and chromium-driver from the distribution (about 100 MB)' >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { "${as_root[@]}" apt-get update && "${as_root[@]}" apt-get install -y --no-install-recommends chromium chromium-driver; } >"$log" 2>&1; then
  tail -n 5 "$log" >&2
  echo "error: the distribution's packages could not be installed: $how" >&2
  exit 1
fi
