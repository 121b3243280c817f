#!/usr/bin/env bash
# Installs tesseract-ocr and tesseract-ocr-por from the distribution's packages where they are missing and this user may.
# It never fails: without them scans are not recognised but quarantined as needs_ocr, and the tests of that are skipped.
set -uo pipefail

if command -v tesseract >/dev/null && tesseract --list-langs 2>&1 | grep -qx por; then
  exit 0
fi
without='scans are not recognised, and the tests with Tesseract are skipped: install the packages tesseract-ocr and tesseract-ocr-por'
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo -n)
fi
if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
  echo "no Tesseract with Portuguese, and this user cannot install it here; $without" >&2
  exit 0
fi
echo 'installing tesseract-ocr and tesseract-ocr-por from the distribution (about 30 MB)' >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { "${as_root[@]}" apt-get update && "${as_root[@]}" apt-get install -y --no-install-recommends tesseract-ocr tesseract-ocr-por; } >"$log" 2>&1; then
  tail -n 5 "$log" >&2
  echo "the distribution's packages could not be installed; $without" >&2
fi
exit 0
