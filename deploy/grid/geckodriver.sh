#!/usr/bin/env bash
# Installs what the Grid's Firefox node needs, where it is missing: firefox-esr from the distribution's packages, and
# geckodriver, which Debian does not have, built from its pinned source into .cache/gecko. Nothing depends on it: where it
# cannot be done this says why and ends well, and the tests against Firefox are skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=0.37.1 # tried with Firefox 153 ESR

skip() {
  echo "$1: the tests against Firefox are skipped" >&2
  exit 0
}

install_firefox() {
  local as_root=() log
  command -v apt-get >/dev/null || skip 'no firefox-esr, and this is no Debian'
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || skip 'no firefox-esr, and this user may not install packages'
    as_root=(sudo)
  fi
  echo 'installing firefox-esr from the distribution (about 80 MB)' >&2
  log=$(mktemp)
  if ! { "${as_root[@]}" apt-get update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends firefox-esr; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    rm -f "$log"
    skip 'firefox-esr could not be installed'
  fi
  rm -f "$log"
}

install_geckodriver() {
  local log
  command -v cargo >/dev/null || skip 'no geckodriver, and no cargo to build it'
  echo "building geckodriver $version: some minutes, once" >&2
  log=$(mktemp)
  if ! cargo install geckodriver --version "$version" --locked --root .cache/gecko >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    rm -f "$log"
    skip "geckodriver could not be built"
  fi
  rm -f "$log"
}

command -v firefox-esr >/dev/null || install_firefox
command -v geckodriver >/dev/null || [ -x .cache/gecko/bin/geckodriver ] || install_geckodriver
