-- More rules of a sequence: who may change its numbers, whose text they may share, and which business dates they take.
ALTER TABLE "sequences"
    -- How long an anonymous caller may release a number that an anonymous caller drew, in seconds. 0: never.
    ADD COLUMN "release_window_seconds" INTEGER NOT NULL DEFAULT 3600,
    -- The only caller that may issue, reserve and change its numbers. Null: any.
    ADD COLUMN "sealed_to" TEXT,
    -- Whether its numbers may be the text of another sequence's numbers.
    ADD COLUMN "allow_overlap" BOOLEAN NOT NULL DEFAULT false,
    -- How many days a business date may lie before and after the current one. Null: any.
    ADD COLUMN "business_date_past_days" INTEGER DEFAULT 366,
    ADD COLUMN "business_date_future_days" INTEGER DEFAULT 31,
    ADD CONSTRAINT "sequences_release_window_seconds_check" CHECK ("release_window_seconds" BETWEEN 0 AND 31622400),
    ADD CONSTRAINT "sequences_sealed_to_check" CHECK ("sealed_to" <> '' AND "sealed_to" <> 'anonymous'),
    ADD CONSTRAINT "sequences_business_date_past_days_check" CHECK ("business_date_past_days" BETWEEN 0 AND 3652058),
    ADD CONSTRAINT "sequences_business_date_future_days_check" CHECK ("business_date_future_days" BETWEEN 0 AND 3652058);

-- Adds a version of a sequence's rules. The application's role may call this and may not write to the table. While it
-- commits, no counter of the sequence moves, and none begins: what is issued afterwards is issued by the new rules, and
-- a number that they could repeat is found.
--
-- p_pattern  fits every number that the new rules can give; null if none of them can have been issued
-- p_known_versions  how many versions of rules there were, of all sequences, when it was decided that the new ones
--                   share no number with another sequence; null if they may, or are not in use (docs/decisions/0043)
--
-- SQLSTATE OR003, OR004 as in require_next_version. OR005: a number that was issued fits the pattern; DETAIL is the
-- number. OR006: the start value has no effect any more, since the only period has begun. OR008: there are more versions
-- of rules by now.
DROP FUNCTION "add_rules";
CREATE FUNCTION "add_rules"(
    p_prefix text, p_version integer, p_template text, p_reset text, p_time_zone text, p_fiscal_year_start integer,
    p_start bigint, p_gap_policy text, p_release_window_seconds integer, p_sealed_to text, p_allow_overlap boolean,
    p_business_date_past_days integer, p_business_date_future_days integer, p_active boolean, p_created_by text,
    p_reason text, p_request_id text, p_pattern text, p_known_versions bigint
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

    -- One change of rules at a time, whatever the sequence: each is decided upon the rules of all others.
    PERFORM pg_advisory_xact_lock(hashtextextended('rules of all sequences', 0));
    IF p_known_versions IS NULL AND p_active AND NOT p_allow_overlap
        OR p_known_versions <> (SELECT count(*) FROM public.sequences) THEN
        RAISE EXCEPTION 'there are other rules than the % versions that were known', p_known_versions USING ERRCODE = 'OR008';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('rules of ' || p_prefix, 0));
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
                                  release_window_seconds, sealed_to, allow_overlap, business_date_past_days,
                                  business_date_future_days, active, created_at, created_by, reason, request_id)
    VALUES (p_prefix, p_version, p_template, p_reset, p_time_zone, p_fiscal_year_start, p_start, p_gap_policy,
            p_release_window_seconds, p_sealed_to, p_allow_overlap, p_business_date_past_days,
            p_business_date_future_days, p_active, clock_timestamp(), p_created_by, p_reason, p_request_id)
    RETURNING created_at INTO v_created_at;
    RETURN v_created_at;
END
$$;
REVOKE EXECUTE ON FUNCTION "add_rules" FROM PUBLIC;
