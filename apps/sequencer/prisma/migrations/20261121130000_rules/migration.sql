-- Changes of the rules. Nothing is ever updated: a change is a row more.

ALTER TABLE "sequences" ADD COLUMN "request_id" TEXT;

-- Whoever inserts, the owner by hand included: only the version that follows, and the start value only upward. Two
-- changes of one version at once both pass this; then the primary key takes one of them.
--
-- SQLSTATE OR003: the rules are at another version. OR004: the start value would be lowered.
CREATE FUNCTION "require_next_version"() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_last public.sequences;
BEGIN
    SELECT s.* INTO v_last FROM public.sequences s WHERE s.prefix = NEW.prefix ORDER BY s.version DESC LIMIT 1;
    IF NEW.version IS DISTINCT FROM coalesce(v_last.version, 0) + 1 THEN
        RAISE EXCEPTION 'the rules of % are at version %, so % does not follow', NEW.prefix,
            coalesce(v_last.version, 0), NEW.version USING ERRCODE = 'OR003';
    END IF;
    IF NEW.start < v_last.start THEN
        RAISE EXCEPTION 'the start value of % is %, and may only be raised', NEW.prefix, v_last.start USING ERRCODE = 'OR004';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "sequences_next_version" BEFORE INSERT ON "sequences" FOR EACH ROW EXECUTE FUNCTION "require_next_version"();
ALTER TABLE "sequences" ENABLE ALWAYS TRIGGER "sequences_next_version";

-- Adds a version of a sequence's rules. The application's role may call this and may not write to the table. While it
-- commits, no counter of the sequence moves: what is issued afterwards is issued by the new rules, and a number that
-- they could repeat is found.
--
-- p_pattern  fits every number that the new rules can give; null if none of them can have been issued
--
-- SQLSTATE OR003, OR004 as above. OR005: a number that was issued fits the pattern; DETAIL is the number. OR006: the
-- start value has no effect any more, since the only period has begun.
CREATE FUNCTION "add_rules"(
    p_prefix text, p_version integer, p_template text, p_reset text, p_time_zone text, p_fiscal_year_start integer,
    p_start bigint, p_gap_policy text, p_active boolean, p_created_by text, p_reason text, p_request_id text,
    p_pattern text
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_seen jsonb;
    v_number text;
    v_created_at timestamptz;
BEGIN
    IF p_pattern IS NOT NULL THEN
        -- A long look at all that was issued, while issuing goes on; then, with the counters held, a short one at what
        -- has come since.
        SELECT coalesce(jsonb_object_agg(c.period, c.batch), '{}') INTO v_seen
        FROM public.counters c WHERE c.prefix = p_prefix;
        SELECT l.number INTO v_number FROM public.ledger l
        WHERE l.prefix = p_prefix AND l.number ~ p_pattern LIMIT 1;
    END IF;

    PERFORM FROM public.counters c WHERE c.prefix = p_prefix ORDER BY c.period FOR UPDATE;
    IF p_pattern IS NOT NULL AND v_number IS NULL THEN
        SELECT l.number INTO v_number
        FROM public.counters c JOIN public.ledger l
          ON l.prefix = c.prefix AND l.period = c.period AND l.batch > coalesce((v_seen ->> c.period)::bigint, 0)
        WHERE c.prefix = p_prefix AND l.number ~ p_pattern LIMIT 1;
    END IF;
    IF v_number IS NOT NULL THEN
        RAISE EXCEPTION 'the number % could be issued again', v_number USING ERRCODE = 'OR005', DETAIL = v_number;
    END IF;
    IF p_reset = 'never' AND EXISTS (
        SELECT FROM public.counters c JOIN public.sequences s ON s.prefix = c.prefix AND s.version = p_version - 1
        WHERE c.prefix = p_prefix AND c.period = '' AND p_start > s.start AND p_start > c.last_value + 1
    ) THEN
        RAISE EXCEPTION 'the values of % have begun', p_prefix USING ERRCODE = 'OR006';
    END IF;

    INSERT INTO public.sequences (prefix, version, template, reset, time_zone, fiscal_year_start, start, gap_policy,
                                  active, created_at, created_by, reason, request_id)
    VALUES (p_prefix, p_version, p_template, p_reset, p_time_zone, p_fiscal_year_start, p_start, p_gap_policy,
            p_active, clock_timestamp(), p_created_by, p_reason, p_request_id)
    RETURNING created_at INTO v_created_at;
    RETURN v_created_at;
END
$$;
REVOKE EXECUTE ON FUNCTION "add_rules" FROM PUBLIC;
