#!/usr/bin/env bash
# Shows the answer of each service to a path, and fails if one has none or a bad one.
set -u
failed=0
tls_of() { # variables' prefix: whether the environment, or .env, has the service serve TLS
  local variable=$1_TLS_CERT_FILE
  [[ ${TLS:-} =~ ^(1|true|yes|on)$ || ${!variable:-} ]] || grep -qsE "^[[:space:]]*(export[[:space:]]+)?$variable[[:space:]]*=[[:space:]]*[^[:space:]#]" .env
}
ask() { # name, port, path, scheme
  printf '%-14s ' "$1"
  # Only what anybody may read is asked for, and nothing sent: it need not prove who it is.
  curl --insecure --silent --show-error --fail-with-body --max-time 5 "$4://localhost:$2$3" || failed=1
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
  prefix=$(tr a-z- A-Z_ <<<"$name")
  scheme=http
  tls_of "$prefix" && scheme=https
  ask "$name" "$(port_of "${prefix}_PORT" "$port")" "$1" "$scheme"
done < <(sed -n 's/^ *"name": "\(.*\)",$/\1/p; s/^ *"port": \([0-9]*\),$/\1/p' "$list" | paste - -)
exit $failed
