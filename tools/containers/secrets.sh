#!/usr/bin/env bash
# Generates the secrets of the containers that neither .env nor the environment has, and adds them to .env.
set -euo pipefail
umask 077
file=.env
list=$(dirname "$0")/../../services.json
prefix() { tr a-z- A-Z_ <<<"$1"; }
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
bom=$'\xef\xbb\xbf'
has() { # the secret, or the file that it is in
  local in_file=${1}_FILE
  [ -n "${!1:-}${!in_file:-}" ] || grep -qE "^($bom)?[[:space:]]*(export[[:space:]]+)?$1(_FILE)?[[:space:]]*=[[:space:]]*[^[:space:]#]" "$file" 2>/dev/null
}
add() { # name, value
  # The last line of the file may have no newline.
  if [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ]; then echo >>"$file"; fi
  printf '%s=%s\n' "$1" "$2" >>"$file"
  # A file that was there may be readable for all.
  chmod go-rwx "$file"
  echo "  $1 was generated, in $file"
}
services=$(sed -n 's/^ *"name": "\(.*\)",$/\1/p' "$list")
for name in $(for service in $services; do echo "$(prefix "$service")_DB_PASSWORD"; done) LEDGER_OWNER_PASSWORD \
  POSTGRES_PASSWORD GRAFANA_PASSWORD; do
  has "$name" || add "$name" "$(random)"
done
# Without one nobody could administrate: make token signs with it. An identity provider needs none.
has JWT_SECRET || has JWKS_URL || add JWT_SECRET "$(random)"
# The one is the digest of the other: all or none. A key may do what its service does, and no more: who gives the order
# service another sequence (ORDER_SERVICE_SEQUENCE) names that in the scope, too.
followers=$(awk -F'"' '/"name":/ { name = $4 } /"followsKeys": true/ { print name }' "$list")
# Prettier may wrap a list: each service is made one line.
scopes_of() { # a service: its scopes, each followed by a +
  tr -d ' \n"' <"$list" | tr '{' '\n' | sed -n "s/^name:$1,.*scopes:\[\([^]]\{1,\}\)\].*/\1,/p" | tr , +
}
has_none() {
  local service
  for service in $followers; do if has "$(prefix "$service")_API_KEY"; then return 1; fi; done
}
if has_none && ! has API_KEYS; then
  sequence=${ORDER_SERVICE_SEQUENCE:-$(sed -nE 's/^ORDER_SERVICE_SEQUENCE=([^[:space:]#]+).*/\1/p' "$file" | tail -n 1)}
  entries=()
  for service in $followers; do
    key=$(random)
    add "$(prefix "$service")_API_KEY" "$key"
    scopes=$(scopes_of "$service")api-keys:follow
    [ "$service" != order-service ] || scopes=${scopes/:ORD+/:${sequence:-ORD}+}
    entries+=("$service:$(printf %s "$key" | sha256sum | cut -d ' ' -f 1):$scopes")
  done
  add API_KEYS "$(IFS=,; echo "${entries[*]}")"
  # So all know the keys that administrators make.
  has API_KEYS_URL || add API_KEYS_URL http://sequencer:8083
fi
