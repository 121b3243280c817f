#!/usr/bin/env bash
# Installs Spark (PyPI, 516 MB) and Delta's jars (Maven) into the folder that is named, unless they are there. Needs Java 17, Python and Maven.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
to=${1:?usage: install.sh FOLDER}
mkdir -p "$to"
if ! cmp -s "$here/requirements.txt" "$to/requirements.txt"; then
  python3 -m venv "$to/venv"
  "$to/venv/bin/pip" install -q --disable-pip-version-check -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$to/"
fi
if ! cmp -s "$here/pom.xml" "$to/pom.xml"; then
  mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$(cd "$to" && pwd)/jars"
  cp "$here/pom.xml" "$to/"
fi
