-- The chain of what issuing depends on: rules, sites, closed periods, and the keys by which callers are known
-- (docs/decisions/0046).
CREATE TABLE "register" (
    "entry" BIGINT NOT NULL,
    "kind" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "version" INTEGER NOT NULL,
    -- The row as it was written, so that a column which the table gets later changes no entry.
    "content" JSONB NOT NULL,
    "hash" BYTEA NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "register_pkey" PRIMARY KEY ("entry"),
    CONSTRAINT "register_entry_check" CHECK ("entry" >= 1)
);

CREATE TRIGGER "register_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "register" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
ALTER TABLE "register" ENABLE ALWAYS TRIGGER "register_append_only";

-- Adds the next entry. Whoever adds one waits for those before it to commit, so the entries follow each other: the table
-- is locked, and not a name, which any role could lock and keep (docs/decisions/0044). An entry is never dated before
-- its row, whose time goes on where the clock was set back.
CREATE FUNCTION "add_to_register"(p_kind text, p_name text, p_version integer, p_content jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_last public.register;
    v_at timestamptz;
BEGIN
    LOCK TABLE public.register IN SHARE ROW EXCLUSIVE MODE;
    SELECT r.* INTO v_last FROM public.register r ORDER BY r.entry DESC LIMIT 1;
    v_at := greatest(clock_timestamp(), v_last.at,
                     CASE WHEN p_kind <> 'keys' THEN coalesce(p_content ->> 'created_at', p_content ->> 'closed_at') END::timestamptz);
    INSERT INTO public.register (entry, kind, name, version, content, at, hash)
    VALUES (coalesce(v_last.entry, 0) + 1, p_kind, p_name, p_version, p_content, v_at,
            sha256(coalesce(v_last.hash, decode(repeat('00', 32), 'hex'))
                || int8send(coalesce(v_last.entry, 0) + 1) || int4send(p_version)
                || int8send((extract(epoch FROM v_at) * 1000000)::bigint)
                || sha256(convert_to(p_kind, 'UTF8')) || sha256(convert_to(p_name, 'UTF8'))
                || sha256(convert_to(p_content::text, 'UTF8'))));
END
$$;
REVOKE EXECUTE ON FUNCTION "add_to_register" FROM PUBLIC;

-- Adds an entry for a row. Its arguments: the kind, and the columns of the name. A row without a version has version 0.
CREATE FUNCTION "register_row"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    v_content jsonb := to_jsonb(NEW);
BEGIN
    PERFORM public.add_to_register(
        TG_ARGV[0],
        (SELECT string_agg(v_content ->> c.name, ' ' ORDER BY c.nth) FROM unnest(TG_ARGV[1:]) WITH ORDINALITY c(name, nth)),
        coalesce((v_content ->> 'version')::integer, 0), v_content);
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION "register_row" FROM PUBLIC;

-- Adds an entry for each row that has none with all of its columns. A migration that gives the table a column ends with
-- this, and its entries may only say more than the earlier ones: verify looks.
CREATE FUNCTION "register_rows"() RETURNS void
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
            SELECT 'closed_period', c.prefix || ' ' || c.period, 0, to_jsonb(c), c.closed_at FROM public.closed_periods c) r
        WHERE NOT EXISTS (SELECT FROM public.register e WHERE (e.kind, e.name, e.version, e.content) = (r.kind, r.name, r.version, r.content))
        ORDER BY r.created_at, r.kind, r.name, r.version
    LOOP
        PERFORM public.add_to_register(v_row.kind, v_row.name, v_row.version, v_row.content);
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION "register_rows" FROM PUBLIC;

SELECT register_rows();

CREATE TRIGGER "sequences_register" AFTER INSERT ON "sequences" FOR EACH ROW EXECUTE FUNCTION "register_row"('rules', 'prefix');
ALTER TABLE "sequences" ENABLE ALWAYS TRIGGER "sequences_register";

CREATE TRIGGER "sites_register" AFTER INSERT ON "sites" FOR EACH ROW EXECUTE FUNCTION "register_row"('site', 'site_id');
ALTER TABLE "sites" ENABLE ALWAYS TRIGGER "sites_register";

CREATE TRIGGER "closed_periods_register" AFTER INSERT ON "closed_periods" FOR EACH ROW EXECUTE FUNCTION "register_row"('closed_period', 'prefix', 'period');
ALTER TABLE "closed_periods" ENABLE ALWAYS TRIGGER "closed_periods_register";

-- Adds an entry of the keys by which the service knows callers, if they are not those of the last one. The
-- application's role may call this and may not write to the table.
--
-- p_keys  the SHA-256 of each key in hexadecimal, by the name of its caller: {"shop": ["5e88…"]}
CREATE FUNCTION "register_keys"(p_keys jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_last jsonb;
BEGIN
    IF jsonb_typeof(p_keys) IS DISTINCT FROM 'object' OR pg_column_size(p_keys) > 1000000 OR EXISTS (
        SELECT FROM jsonb_each(p_keys) k
        WHERE k.key !~ '^[A-Za-z0-9._-]{1,64}$' OR jsonb_typeof(k.value) <> 'array'
           OR EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(k.value) WHEN 'array' THEN k.value ELSE '[]' END) d
                      WHERE d #>> '{}' !~ '^[0-9a-f]{64}$' OR jsonb_typeof(d) <> 'string')
    ) THEN
        RAISE EXCEPTION 'keys are names, each with the SHA-256 of its keys' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    LOCK TABLE public.register IN SHARE ROW EXCLUSIVE MODE;
    SELECT r.content INTO v_last FROM public.register r WHERE r.kind = 'keys' ORDER BY r.entry DESC LIMIT 1;
    IF p_keys IS DISTINCT FROM coalesce(v_last, '{}') THEN
        PERFORM public.add_to_register('keys', 'API_KEYS', 0, p_keys);
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION "register_keys" FROM PUBLIC;
