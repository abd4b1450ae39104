-- Searches for a part of a name or an address, where pg_trgm may be installed; elsewhere they read all users, within
-- the bounds of heavy reads.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX "users_search_idx" ON "users" USING gin ("name" gin_trgm_ops, "email" gin_trgm_ops) WHERE "deleted_at" IS NULL;
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported OR undefined_object THEN
    RAISE NOTICE 'pg_trgm cannot be installed: searches of users read all of them';
END
$$;
