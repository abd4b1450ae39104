#!/bin/sh
# Fills in the values of patroni.yml and haproxy.cfg, and becomes what is asked for: etcd, patroni, haproxy, or databases.
set -eu
PATH=$PATH:/usr/sbin

case $1 in
etcd)
  exec etcd --name "$NODE" --data-dir /var/lib/ordinal/etcd --enable-v2 \
    --listen-client-urls "http://$ADDRESS:2379" --advertise-client-urls "http://$ADDRESS:2379" \
    --listen-peer-urls "http://$ADDRESS:2380" --initial-advertise-peer-urls "http://$ADDRESS:2380" \
    --initial-cluster "$ETCD_CLUSTER"
  ;;
patroni)
  POSTGRESQL_BIN=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  export POSTGRESQL_BIN FOLDER=/var/lib/ordinal
  umask 077
  envsubst </etc/ordinal/patroni.yml >/var/lib/ordinal/patroni.yml
  exec patroni /var/lib/ordinal/patroni.yml
  ;;
haproxy)
  envsubst </etc/ordinal/haproxy.cfg >/var/lib/ordinal/haproxy.cfg
  exec haproxy -db -f /var/lib/ordinal/haproxy.cfg
  ;;
databases)
  # Run again it changes nothing. The password comes from the environment: command lines can be read by others.
  export PGHOST="$BALANCER" PGUSER=postgres PGPASSWORD="$PASSWORD" PGCONNECT_TIMEOUT=2
  until psql -qAtc 'SELECT 1' >/dev/null 2>&1; do sleep 1; done
  psql -v ON_ERROR_STOP=1 <<'SQL'
\getenv password PGPASSWORD
SELECT format('CREATE ROLE ordinal LOGIN PASSWORD %L', :'password')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ordinal') \gexec
SELECT format('CREATE DATABASE %I OWNER ordinal', name) FROM unnest(ARRAY['userdb', 'orderdb', 'sequencerdb']) AS name
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name) \gexec
SQL
  ;;
*)
  echo "start.sh etcd, patroni, haproxy or databases; not $1" >&2
  exit 64
  ;;
esac
