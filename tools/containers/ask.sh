#!/usr/bin/env bash
# Shows the answer of each service to a path, and fails if one has none or a bad one.
set -u
failed=0
ask() { # name, port, path
  printf '%-14s ' "$1"
  curl --silent --show-error --fail-with-body --max-time 5 "http://localhost:$2$3" || failed=1
  echo
}
bom=$'\xef\xbb\xbf' cr=$'\r' space='[[:space:]]*'
port_of() { # variable, standard: the environment's, else that of .env
  local value="[\"']?([0-9]+)[\"']?" set
  set=$(sed -nE "s/^($bom)?$space(export[[:space:]]+)?$1$space=$space$value$space(#.*)?$cr?\$/\3/p" .env 2>/dev/null | tail -n 1)
  echo "${!1:-${set:-$2}}"
}
list=$(dirname "$0")/../../services.json
while read -r name port; do
  variable=$(tr a-z- A-Z_ <<<"$name")_PORT
  ask "$name" "$(port_of "$variable" "$port")" "$1"
done < <(sed -n 's/^ *"name": "\(.*\)",$/\1/p; s/^ *"port": \([0-9]*\),$/\1/p' "$list" | paste - -)
exit $failed
