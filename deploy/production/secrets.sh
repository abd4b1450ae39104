#!/usr/bin/env bash
# Makes the secrets of docker-compose.prod.yml, each a file of secrets/ that is not there yet, and .env.prod with the host names:
#   deploy/production/secrets.sh numbers.example.com [users.example.com [orders.example.com]]
# Yours to put there: secrets/certificate.pem.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
cd "$(dirname "$0")/../.."
numbers=$1
users=${2:-users.${numbers#*.}}
orders=${3:-orders.${numbers#*.}}
# The folder keeps other users of this machine out; in the containers each file is read by an account of the image.
mkdir -p secrets checkpoints && chmod 700 secrets
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { # name, text
  [ -s "secrets/$1" ] && return
  printf '%s' "$2" >"secrets/$1"
  chmod 444 "secrets/$1"
  echo "  secrets/$1"
}
url() { printf '%s://%s:%s@%s' postgresql "$@"; } # user, password, host with database
read_secret() { cat "secrets/$1"; }

keep postgres_password "$(random)"
keep backup_password "$(random)"
keep jwt_secret "$(random)"
keep signing_key "$(openssl genpkey -algorithm ed25519 | base64 -w0)"
keep webhook_keys "$(openssl rand -base64 32)"
users_of_pooler=
for service in user_service:user-db:userdb order_service:order-db:orderdb sequencer:sequencer-db:sequencerdb; do
  IFS=: read -r role host database <<<"$service"
  keep "${role}_db_password" "$(random)"
  keep "${role}_owner_password" "$(random)"
  password=$(read_secret "${role}_db_password")
  keep "${role}_database_url" "$(url "$role" "$password" "pgbouncer:6432/$database")"
  keep "${role}_owner_url" "$(url "${role}_owner" "$(read_secret "${role}_owner_password")" "$host:5432/$database")"
  users_of_pooler+="\"$role\" \"$password\""$'\n'
done
keep pgbouncer_users "$users_of_pooler"
# A key may do what its service does, and no more. Orders may get their numbers from another sequence: ORDER_SERVICE_SEQUENCE=RE, once.
sequence=${ORDER_SERVICE_SEQUENCE:-ORD}
keep user_service_api_key "$(random)"
keep order_service_api_key "$(random)"
digest() { printf %s "$(read_secret "$1")" | sha256sum | cut -d ' ' -f 1; }
keep api_keys "user-service:$(digest user_service_api_key):api-keys:follow,order-service:$(digest order_service_api_key):users:read+numbers:issue:$sequence+api-keys:follow"

[ -s .env.prod ] || {
  printf 'NUMBERS_HOST=%s\nUSERS_HOST=%s\nORDERS_HOST=%s\n' "$numbers" "$users" "$orders"
  [ "$sequence" = ORD ] || printf 'ORDER_SERVICE_SEQUENCE=%s\n' "$sequence"
} >.env.prod
[ -s secrets/certificate.pem ] || echo "Missing: secrets/certificate.pem, with the certificate of $numbers, $users and $orders, and its key (mode 444)"
