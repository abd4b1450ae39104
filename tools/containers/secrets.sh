#!/usr/bin/env bash
# Puts the secrets of the containers into .env that neither it nor the environment has: random, and of this stack alone.
set -euo pipefail
umask 077
file=.env
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
has() { [ -n "${!1:-}" ] || grep -qE "^[[:space:]]*(export[[:space:]]+)?$1=." "$file" 2>/dev/null; }
add() { # name, value
  # A file may end without a line's end.
  if [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ]; then echo >>"$file"; fi
  printf '%s=%s\n' "$1" "$2" >>"$file"
  # It may have been there, for all to read.
  chmod go-rwx "$file"
  echo "  $1 is made, in $file"
}
for name in USER_SERVICE_DB_PASSWORD ORDER_SERVICE_DB_PASSWORD SEQUENCER_DB_PASSWORD LEDGER_OWNER_PASSWORD \
  POSTGRES_PASSWORD GRAFANA_PASSWORD; do
  has "$name" || add "$name" "$(random)"
done
# The one is the digest of the other: both or none.
if ! has ORDER_SERVICE_API_KEY && ! has API_KEYS; then
  key=$(random)
  add ORDER_SERVICE_API_KEY "$key"
  add API_KEYS "order-service:$(printf %s "$key" | sha256sum | cut -d ' ' -f 1)"
fi
