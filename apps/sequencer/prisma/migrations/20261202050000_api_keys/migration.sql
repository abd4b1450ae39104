-- The keys of machines that administrators make (docs/decisions/0074). A change adds a version, as with the sites. Of the
-- key itself the database has its SHA-256.
CREATE TABLE "api_keys" (
    "id" TEXT COLLATE "C" NOT NULL,
    "version" INTEGER NOT NULL,
    -- Who calls with it: the name that records have.
    "name" TEXT COLLATE "C" NOT NULL,
    "sha256" TEXT COLLATE "C" NOT NULL,
    -- What it is limited to; null if it is not.
    "scopes" TEXT[] COLLATE "C",
    "expires_at" TIMESTAMPTZ(3),
    -- false once it is revoked.
    "active" BOOLEAN NOT NULL DEFAULT true,
    -- The key that it was made for, by a rotation.
    "replaces" TEXT COLLATE "C",
    -- Of the request that made it, and the digest of what that asked for.
    "idempotency_key" TEXT COLLATE "C",
    "fingerprint" TEXT COLLATE "C",
    "created_at" TIMESTAMPTZ(6) NOT NULL,
    "created_by" TEXT NOT NULL,
    "reason" TEXT,
    "request_id" TEXT,

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id","version"),
    CONSTRAINT "api_keys_id_check" CHECK ("id" ~ '^[0-9A-Za-z]{12}$'),
    CONSTRAINT "api_keys_version_check" CHECK ("version" >= 1),
    CONSTRAINT "api_keys_name_check" CHECK ("name" ~ '^[A-Za-z0-9._-]{1,64}$'),
    CONSTRAINT "api_keys_sha256_check" CHECK ("sha256" ~ '^[0-9a-f]{64}$'),
    CONSTRAINT "api_keys_scopes_check" CHECK (cardinality("scopes") BETWEEN 1 AND 50 AND array_position("scopes", NULL) IS NULL)
);

CREATE UNIQUE INDEX "api_keys_sha256_key" ON "api_keys"("sha256") WHERE "version" = 1;
CREATE UNIQUE INDEX "api_keys_idempotency_key_key" ON "api_keys"("created_by", "idempotency_key") WHERE "idempotency_key" IS NOT NULL;

CREATE TRIGGER "api_keys_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "api_keys" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
ALTER TABLE "api_keys" ENABLE ALWAYS TRIGGER "api_keys_append_only";

CREATE TRIGGER "api_keys_register" AFTER INSERT ON "api_keys" FOR EACH ROW EXECUTE FUNCTION "register_row"('api_key', 'id');
ALTER TABLE "api_keys" ENABLE ALWAYS TRIGGER "api_keys_register";

-- A version says when the key ends, and nothing else of it: it stays the key of one name with its scopes. One that has
-- ended stays so.
CREATE FUNCTION "require_next_api_key_version"() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_last public.api_keys;
BEGIN
    SELECT k.* INTO v_last FROM public.api_keys k WHERE k.id = NEW.id ORDER BY k.version DESC LIMIT 1;
    IF NEW.version IS DISTINCT FROM coalesce(v_last.version, 0) + 1 THEN
        RAISE EXCEPTION 'the API key % is at version %, so % does not follow', NEW.id, coalesce(v_last.version, 0), NEW.version
            USING ERRCODE = 'OR003';
    END IF;
    IF v_last.id IS NULL THEN
        IF NOT NEW.active THEN
            RAISE EXCEPTION 'the API key % would be revoked before it is there', NEW.id USING ERRCODE = 'OR034';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT v_last.active OR v_last.expires_at <= clock_timestamp() THEN
        RAISE EXCEPTION 'the API key % has ended', NEW.id USING ERRCODE = 'OR034';
    END IF;
    IF (NEW.name, NEW.sha256, NEW.scopes, NEW.replaces) IS DISTINCT FROM (v_last.name, v_last.sha256, v_last.scopes, v_last.replaces)
       OR NEW.idempotency_key IS NOT NULL OR NEW.fingerprint IS NOT NULL THEN
        RAISE EXCEPTION 'the API key % would be another', NEW.id USING ERRCODE = 'OR034';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "api_keys_next_version" BEFORE INSERT ON "api_keys" FOR EACH ROW EXECUTE FUNCTION "require_next_api_key_version"();
ALTER TABLE "api_keys" ENABLE ALWAYS TRIGGER "api_keys_next_version";

-- Makes a key, or one in place of another: then that one ends p_overlap_seconds from now, or when it would have ended if
-- that is before. Its version is then p_replaced_version. The application's role may call this and may not write to the
-- table.
--
-- SQLSTATE OR003: the replaced key is at another version. OR034: it has ended.
CREATE FUNCTION "add_api_key"(
    p_id text, p_name text, p_sha256 text, p_scopes text[], p_expires_at timestamptz, p_replaces text, p_replaced_version integer,
    p_overlap_seconds integer, p_idempotency_key text, p_fingerprint text, p_created_by text, p_reason text, p_request_id text
) RETURNS SETOF "api_keys"
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_now CONSTANT timestamptz := clock_timestamp();
BEGIN
    -- First: it waits for a request with the same Idempotency-Key before it holds the register.
    RETURN QUERY
        INSERT INTO public.api_keys (id, version, name, sha256, scopes, expires_at, replaces, idempotency_key, fingerprint, created_at,
                                     created_by, reason, request_id)
        VALUES (p_id, 1, p_name, p_sha256, p_scopes, p_expires_at, p_replaces, p_idempotency_key, p_fingerprint, v_now, p_created_by,
                p_reason, p_request_id)
        RETURNING *;
    IF p_replaces IS NOT NULL THEN
        INSERT INTO public.api_keys (id, version, name, sha256, scopes, expires_at, replaces, created_at, created_by, reason, request_id)
        SELECT k.id, p_replaced_version, k.name, k.sha256, k.scopes, least(k.expires_at, v_now + p_overlap_seconds * interval '1 s'),
               k.replaces, v_now, p_created_by, p_reason, p_request_id
        FROM public.api_keys k
        WHERE k.id = p_replaces AND k.version = p_replaced_version - 1 AND k.name = p_name AND k.scopes IS NOT DISTINCT FROM p_scopes;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'there is no such version of the API key %', p_replaces USING ERRCODE = 'OR003';
        END IF;
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION "add_api_key" FROM PUBLIC;

-- Adds a version of a key: it ends at another time, or is revoked. The application's role may call this and may not write
-- to the table.
--
-- SQLSTATE OR003: the key is at another version. OR034: it has ended.
CREATE FUNCTION "change_api_key"(
    p_id text, p_version integer, p_expires_at timestamptz, p_active boolean, p_created_by text, p_reason text, p_request_id text
) RETURNS SETOF "api_keys"
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        INSERT INTO public.api_keys (id, version, name, sha256, scopes, expires_at, active, replaces, created_at, created_by, reason, request_id)
        SELECT k.id, p_version, k.name, k.sha256, k.scopes, p_expires_at, p_active, k.replaces, clock_timestamp(), p_created_by, p_reason,
               p_request_id
        FROM public.api_keys k WHERE k.id = p_id AND k.version = p_version - 1
        RETURNING *;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such version of the API key %', p_id USING ERRCODE = 'OR003';
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION "change_api_key" FROM PUBLIC;

-- When a key was last used. Not on record: it is written again and again, and depends on nothing.
CREATE TABLE "api_key_uses" (
    "id" TEXT COLLATE "C" NOT NULL,
    "last_used_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "api_key_uses_pkey" PRIMARY KEY ("id")
);

-- Notes when keys were used: a time before one that is noted changes nothing, and one of a clock that is ahead counts as now.
CREATE FUNCTION "note_api_key_uses"(p_ids text[], p_at timestamptz[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO public.api_key_uses AS u (id, last_used_at)
    SELECT k.id, least(max(a.at), clock_timestamp()) FROM unnest(p_ids, p_at) a(id, at)
    JOIN public.api_keys k ON k.id = a.id AND k.version = 1 WHERE a.at IS NOT NULL
    GROUP BY k.id ORDER BY k.id
    ON CONFLICT (id) DO UPDATE SET last_used_at = EXCLUDED.last_used_at WHERE u.last_used_at < EXCLUDED.last_used_at
$$;
REVOKE EXECUTE ON FUNCTION "note_api_key_uses" FROM PUBLIC;

-- As before, with the keys.
CREATE OR REPLACE FUNCTION "register_rows"() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    v_row record;
BEGIN
    FOR v_row IN
        SELECT r.* FROM (
            SELECT 'rules' AS kind, s.prefix AS name, s.version, to_jsonb(s) AS content, s.created_at FROM public.sequences s
            UNION ALL
            SELECT 'site', s.site_id, s.version, to_jsonb(s), s.created_at FROM public.sites s
            UNION ALL
            SELECT 'api_key', k.id, k.version, to_jsonb(k), k.created_at FROM public.api_keys k
            UNION ALL
            SELECT 'closed_period', c.prefix || ' ' || c.period, 0, to_jsonb(c), c.closed_at FROM public.closed_periods c) r
        WHERE NOT EXISTS (SELECT FROM public.register e WHERE (e.kind, e.name, e.version, e.content) = (r.kind, r.name, r.version, r.content))
        ORDER BY r.created_at, r.kind, r.name, r.version
    LOOP
        PERFORM public.add_to_register(v_row.kind, v_row.name, v_row.version, v_row.content);
    END LOOP;
END
$$;
