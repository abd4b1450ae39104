#!/usr/bin/env bash
# Generates the secrets of the containers that neither .env nor the environment has, and adds them to .env.
set -euo pipefail
umask 077
file=.env
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
for name in USER_SERVICE_DB_PASSWORD ORDER_SERVICE_DB_PASSWORD SEQUENCER_DB_PASSWORD LEDGER_OWNER_PASSWORD \
  POSTGRES_PASSWORD GRAFANA_PASSWORD; do
  has "$name" || add "$name" "$(random)"
done
# Without one nobody could administrate: make token signs with it. An identity provider needs none.
has JWT_SECRET || has JWKS_URL || add JWT_SECRET "$(random)"
# The one is the digest of the other: both or none. The key may do what the service does, and no more: who gives it another
# sequence (ORDER_SERVICE_SEQUENCE) names that in the scope, too.
if ! has ORDER_SERVICE_API_KEY && ! has USER_SERVICE_API_KEY && ! has API_KEYS; then
  key=$(random)
  add ORDER_SERVICE_API_KEY "$key"
  user_key=$(random)
  add USER_SERVICE_API_KEY "$user_key"
  sequence=${ORDER_SERVICE_SEQUENCE:-$(sed -nE 's/^ORDER_SERVICE_SEQUENCE=([^[:space:]#]+).*/\1/p' "$file" | tail -n 1)}
  add API_KEYS "order-service:$(printf %s "$key" | sha256sum | cut -d ' ' -f 1):users:read+numbers:issue:${sequence:-ORD}+api-keys:follow,user-service:$(printf %s "$user_key" | sha256sum | cut -d ' ' -f 1):api-keys:follow"
  # So both know the keys that administrators make.
  has API_KEYS_URL || add API_KEYS_URL http://sequencer:8083
fi
