#!/bin/sh
# PostgreSQL's own entrypoint, with the password from a file.
set -eu
POSTGRES_PASSWORD=$(cat /run/secrets/postgres_password)
export POSTGRES_PASSWORD
exec docker-entrypoint.sh postgres
