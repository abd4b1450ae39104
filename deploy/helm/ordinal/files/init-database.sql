-- Run once, by PostgreSQL's image, on an empty volume: the roles that a service uses, none of which is superuser.
-- A database is closed to all but its owner. Where RUNTIME is set, the service runs as a role that may connect and no
-- more; what it may do with the tables, its migrations grant.
\set ON_ERROR_STOP on
\getenv owner OWNER
\getenv owner_password OWNER_PASSWORD
\getenv runtime RUNTIME
\getenv runtime_password RUNTIME_PASSWORD

CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
ALTER DATABASE :"DBNAME" OWNER TO :"owner";
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;

\if :{?runtime}
CREATE ROLE :"runtime" LOGIN PASSWORD :'runtime_password';
GRANT CONNECT ON DATABASE :"DBNAME" TO :"runtime";
\endif
