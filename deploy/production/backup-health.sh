#!/bin/sh
# Whether somebody receives the WAL of the database.
set -eu
PGPASSWORD=$(cat /run/secrets/backup_password)
export PGPASSWORD
active=$(psql --username=backup --dbname=postgres --no-password -AtX \
  --command "SELECT active FROM pg_replication_slots WHERE slot_name = 'backup'")
[ "$active" = t ]
