-- A template is judged by what its tokens determine: {YYYY} and {MM} give the fiscal year, {FY} and {MM} the year.

-- The same as soundRules of domain/rules.ts; the differential test compares them, too.
--
-- SQLSTATE OR021: the rules are not sound; the message says why.
CREATE OR REPLACE FUNCTION "require_sound_rules"() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp SET standard_conforming_strings = on AS $$
DECLARE
    v_tokens text[];
    v_side boolean;
    v_year boolean;
    v_fiscal_year boolean;
    v_fault text;
BEGIN
    SELECT array_agg(m.piece[1]) INTO v_tokens
    FROM regexp_matches(NEW.template, '\{\{|\}\}|\{[^{}]*\}|[^{}]+|[{}]', 'g') m(piece)
    WHERE m.piece[1] ~ '[{}]' AND m.piece[1] NOT IN ('{{', '}}');
    -- Whether the tokens show on which side of the fiscal year's first month a date is: then one year gives the other.
    v_side := NEW.fiscal_year_start = 1 OR v_tokens && '{"{MM}"}' OR v_tokens && '{"{Q}"}' AND NEW.fiscal_year_start % 3 = 1;
    v_year := v_tokens && '{"{YYYY}","{YY}"}' OR v_tokens && '{"{FY}"}' AND v_side;
    v_fiscal_year := v_tokens && '{"{FY}"}' OR v_tokens && '{"{YYYY}","{YY}"}' AND v_side;
    v_fault := CASE
        WHEN NEW.prefix !~ '^[A-Za-z0-9._-]{1,32}$' THEN 'the name is not 1 to 32 letters, digits, dots, underscores or dashes'
        WHEN NEW.template ~ '[\u0001-\u001f\u007f-\u009f]' THEN 'the template has control characters'
        WHEN EXISTS (SELECT FROM unnest(v_tokens) t WHERE t !~ '^\{(prefix|YYYY|YY|MM|DD|Q|FY|seq(:0*([1-9]|1[0-6]))?)\}$')
            THEN 'the template has braces that are no token'
        WHEN (SELECT count(*) FROM unnest(v_tokens) t WHERE t ~ '^\{seq') <> 1 THEN 'the template has not one {seq}'
        WHEN NOT CASE NEW.reset
            WHEN 'never' THEN true
            WHEN 'yearly' THEN v_year
            WHEN 'fiscal_yearly' THEN v_fiscal_year
            WHEN 'quarterly' THEN v_year AND v_tokens && '{"{Q}","{MM}"}'
            WHEN 'monthly' THEN v_year AND v_tokens && '{"{MM}"}'
            WHEN 'daily' THEN v_year AND v_tokens && '{"{MM}"}' AND v_tokens && '{"{DD}"}'
        END THEN 'the template does not show the period, so numbers would repeat'
        WHEN NEW.active AND NEW.time_zone <> 'UTC'
            AND NOT EXISTS (SELECT FROM pg_timezone_names z WHERE lower(z.name) = lower(NEW.time_zone) AND z.name ~ '^[A-Za-z]')
            THEN format('the database does not know the time zone %s', NEW.time_zone)
    END;
    IF v_fault IS NOT NULL THEN
        RAISE EXCEPTION 'the rules of % are not sound: %', NEW.prefix, v_fault USING ERRCODE = 'OR021', DETAIL = v_fault;
    END IF;
    RETURN NEW;
END
$$;

-- The first month of the fiscal year, where a number's period follows from it; null where the tokens give the period
-- without it.
CREATE FUNCTION "month_for_period"(p_reset text, p_template text, p_fiscal_year_start integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET standard_conforming_strings = on AS $$
    SELECT CASE WHEN p_reset <> 'never'
                 AND replace(p_template, '{{', chr(1)) !~ CASE p_reset WHEN 'fiscal_yearly' THEN '[{]FY[}]' ELSE '[{]YY(YY)?[}]' END
                THEN p_fiscal_year_start END
$$;

-- Whether new rules could repeat what was issued is decided by the first month of the fiscal year, too, where the period
-- follows from it. SQLSTATEs as before.
CREATE OR REPLACE FUNCTION "add_rules"(
    p_prefix text, p_version integer, p_template text, p_reset text, p_time_zone text, p_fiscal_year_start integer,
    p_start bigint, p_gap_policy text, p_release_window_seconds integer, p_sealed_to text, p_allow_overlap boolean,
    p_business_date_past_days integer, p_business_date_future_days integer, p_active boolean, p_created_by text,
    p_reason text, p_request_id text, p_known_versions bigint
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
-- A pattern that begins with text leads to its numbers by their index.
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    v_last public.sequences;
    v_rules public.sequences;
    v_pattern text;
    v_seen jsonb;
    v_number text;
    v_other record;
BEGIN
    PERFORM public.require_read_committed();
    -- Rules of one shape, reset and, where the period follows from it, first month of the fiscal year go on in the same
    -- counters, so a number always has the same period and value under them. For all others what was issued decides.
    IF p_active AND EXISTS (
        SELECT FROM public.sequences s
        WHERE s.prefix = p_prefix
          AND (s.reset, public.shape_of(p_prefix, s.template), public.month_for_period(s.reset, s.template, s.fiscal_year_start))
              IS DISTINCT FROM (p_reset, public.shape_of(p_prefix, p_template),
                                public.month_for_period(p_reset, p_template, p_fiscal_year_start))
    ) THEN
        v_pattern := public.pattern_of(p_prefix, p_template);
        -- A long look at all that was issued, while issuing goes on; then, with the counters held, a short one at what
        -- has come since.
        SELECT coalesce(jsonb_object_agg(c.period, c.batch), '{}') INTO v_seen
        FROM public.counters c WHERE c.prefix = p_prefix;
        SELECT l.number INTO v_number FROM public.ledger l
        WHERE l.prefix = p_prefix AND l.number ~ v_pattern LIMIT 1;
    END IF;

    -- One change of rules at a time, whatever the sequence: each is decided upon the rules of all others. No lock here is
    -- one that the role of the service could take by itself.
    LOCK TABLE public.sequences IN SHARE ROW EXCLUSIVE MODE;
    IF p_known_versions IS NULL AND p_active AND NOT p_allow_overlap
        OR p_known_versions <> (SELECT count(*) FROM public.sequences) THEN
        RAISE EXCEPTION 'there are other rules than the % versions that were known', p_known_versions USING ERRCODE = 'OR008';
    END IF;
    PERFORM FROM public.sequences s WHERE s.prefix = p_prefix AND s.version = 1 FOR UPDATE;
    PERFORM FROM public.counters c WHERE c.prefix = p_prefix ORDER BY c.period FOR UPDATE;
    SELECT s.* INTO v_last FROM public.sequences s WHERE s.prefix = p_prefix ORDER BY s.version DESC LIMIT 1;
    IF v_pattern IS NOT NULL AND v_number IS NULL THEN
        SELECT l.number INTO v_number
        FROM public.counters c JOIN public.ledger l
          ON l.prefix = c.prefix AND l.period = c.period AND l.batch > coalesce((v_seen ->> c.period)::bigint, 0)
        WHERE c.prefix = p_prefix AND l.number ~ v_pattern LIMIT 1;
    END IF;
    IF v_number IS NOT NULL THEN
        RAISE EXCEPTION 'the number % could be issued again', v_number USING ERRCODE = 'OR005', DETAIL = v_number;
    END IF;
    IF p_reset = 'never' AND EXISTS (
        SELECT FROM public.counters c
        WHERE c.prefix = p_prefix AND c.period = '' AND p_start > v_last.start AND p_start > c.last_value + 1
    ) THEN
        RAISE EXCEPTION 'the values of % have begun', p_prefix USING ERRCODE = 'OR006';
    END IF;

    INSERT INTO public.sequences (prefix, version, template, reset, time_zone, fiscal_year_start, start, gap_policy,
                                  release_window_seconds, sealed_to, allow_overlap, business_date_past_days,
                                  business_date_future_days, active, created_at, created_by, reason, request_id)
    VALUES (p_prefix, p_version, p_template, p_reset, p_time_zone, p_fiscal_year_start, p_start, p_gap_policy,
            p_release_window_seconds, p_sealed_to, p_allow_overlap, p_business_date_past_days,
            p_business_date_future_days, p_active,
            -- Not before what was issued under the rules before.
            greatest(clock_timestamp(), v_last.created_at,
                     (SELECT max(b.at) FROM public.counters c JOIN public.batches b USING (prefix, period, batch)
                      WHERE c.prefix = p_prefix)),
            p_created_by, p_reason, p_request_id)
    RETURNING * INTO v_rules;
    -- Rules that can give no other text than those before go on, also where an older ledger has them twice.
    IF p_active AND NOT p_allow_overlap AND NOT (
        v_last.active AND NOT v_last.allow_overlap AND v_last.template = p_template
        AND v_last.fiscal_year_start = p_fiscal_year_start
    ) IS TRUE THEN
        SELECT o.* INTO v_other FROM public.overlap_on(v_rules, (clock_timestamp() AT TIME ZONE 'UTC')::date) o;
        IF FOUND THEN
            RAISE EXCEPTION '% and % could both give the number %: change the template, or say allow_overlap',
                p_prefix, v_other.prefix, v_other.number USING ERRCODE = 'OR031', DETAIL = v_other.number;
        END IF;
    END IF;
    RETURN v_rules.created_at;
END
$$;
