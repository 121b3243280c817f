#!/usr/bin/env bash
# Installs what the tests can do without, from the distribution's packages, where it is missing and this user may: Tesseract
# with Portuguese, which recognises scans, and pdftotext, which our text is held against. It never fails: the tests that
# need what is not there are skipped, and scans are quarantined as needs_ocr.
set -uo pipefail

packages=()
if ! command -v tesseract >/dev/null || ! tesseract --list-langs 2>&1 | grep -qx por; then
  packages+=(tesseract-ocr tesseract-ocr-por)
fi
command -v pdftotext >/dev/null || packages+=(poppler-utils)
if [ "${#packages[@]}" -eq 0 ]; then
  exit 0
fi
without="what needs them is skipped: install the packages ${packages[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo -n)
fi
if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
  echo "${packages[*]}: missing, and this user cannot install them here; $without" >&2
  exit 0
fi
echo "installing ${packages[*]} from the distribution (about 30 MB)" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { "${as_root[@]}" apt-get update && "${as_root[@]}" apt-get install -y --no-install-recommends "${packages[@]}"; } >"$log" 2>&1; then
  tail -n 5 "$log" >&2
  echo "the distribution's packages could not be installed; $without" >&2
fi
exit 0
