-- As before; and an entry is never dated before its row, whose time goes on where the clock was set back. The table is
-- locked, and not a name, which any role could lock and keep (docs/decisions/0044).
CREATE OR REPLACE FUNCTION "add_to_register"(p_kind text, p_name text, p_version integer, p_content jsonb) RETURNS void
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

-- As before, with the table locked.
CREATE OR REPLACE FUNCTION "register_keys"(p_keys jsonb) RETURNS void
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
