#!/bin/sh
# Streams the WAL of a database into this volume as it is written, and takes a base backup when it starts and each day. Kept: the last
# BASES base backups, and all WAL since the oldest of them. How to restore: docs/backup.md.
set -eu
umask 077
PGPASSWORD=$(cat /run/secrets/backup_password)
export PGPASSWORD PGUSER=backup
cd /var/lib/postgresql
mkdir -p wal base

# set -e does not hold where somebody asks whether it failed.
base() {
  name=$(date -u +%Y%m%dT%H%M%SZ)
  rm -rf base/*.unfinished
  pg_basebackup --pgdata="base/$name.unfinished" --format=tar --gzip --wal-method=stream --checkpoint=fast --no-password \
    || return 1
  mv "base/$name.unfinished" "base/$name" || return 1
  echo "base backup $name"
  # shellcheck disable=SC2012
  ls -d base/*Z | sort -r | tail -n "+$((${BASES:-7} + 1))" | xargs -r rm -rf
  oldest=$(ls -d base/*Z | sort | head -n 1)
  first=$(tar -xzOf "$oldest/base.tar.gz" backup_label | sed -n 's/^START WAL LOCATION: .* (file \([0-9A-F]*\))$/\1/p')
  pg_archivecleanup wal "$first"
}

pg_receivewal --directory=wal --slot=backup --create-slot --if-not-exists --no-password
# It connects again by itself, but for the first time.
(while ! pg_receivewal --directory=wal --slot=backup --no-password; do sleep 5; done) &
trap 'exit 0' TERM INT
while :; do
  pause=${EVERY_SECONDS:-86400}
  if ! base; then
    echo 'the base backup failed; the next try is in an hour' >&2
    pause=3600
  fi
  sleep "$pause" &
  wait $!
done
