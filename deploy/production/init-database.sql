-- Run once, by PostgreSQL's image, on an empty volume: an owner, whose role only migrations have; the role of the service, which may
-- connect and no more until migrations grant it what it needs; and one for backups.
\set ON_ERROR_STOP on
\getenv role ROLE
\set owner :role '_owner'
\set owner_password `cat /run/secrets/owner_password`
\set runtime_password `cat /run/secrets/runtime_password`
\set backup_password `cat /run/secrets/backup_password`

CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
CREATE ROLE :"role" LOGIN PASSWORD :'runtime_password';
ALTER DATABASE :"DBNAME" OWNER TO :"owner";
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO :"role";

CREATE ROLE backup LOGIN REPLICATION PASSWORD :'backup_password';
-- The image lets roles into databases, and not into replication.
COPY (SELECT 'host replication backup all scram-sha-256') TO PROGRAM 'cat >> "$PGDATA/pg_hba.conf"';
-- A backup that is away must not fill the disk with the WAL that is kept for it.
ALTER SYSTEM SET max_slot_wal_keep_size = '10GB';
