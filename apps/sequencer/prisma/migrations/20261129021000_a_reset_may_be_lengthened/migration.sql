-- Rules are refused only if they could repeat a number that was issued, and not wherever one fits the new template: a reset
-- may be lengthened where the new periods start above the values that were issued.

-- The period of the dates on which numbers of some rules have a head and a tail; null if there is no such date. The same as
-- parseNumber of domain/parse-number.ts: a differential test compares them.
CREATE FUNCTION "period_written"(p_rules public.sequences, p_head text, p_tail text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET standard_conforming_strings = on AS $$
DECLARE
    v_text text := p_head;
    v_at integer := 1;
    v_piece text;
    v_width integer;
    v_part text;
    v_year integer;
    v_month integer;
    v_day integer;
    v_fiscal_year integer;
    v_slot public.slot;
BEGIN
    FOR v_piece IN
        SELECT m.piece[1]
        FROM regexp_matches(p_rules.template, '\{\{|\}\}|\{[^{}]*\}|[^{}]+', 'g') WITH ORDINALITY m(piece, nth) ORDER BY m.nth
    LOOP
        IF v_piece ~ '^[{]seq' THEN
            v_text := p_tail;
            v_at := 1;
            CONTINUE;
        END IF;
        v_width := CASE v_piece WHEN '{YYYY}' THEN 4 WHEN '{FY}' THEN 4 WHEN '{YY}' THEN 2 WHEN '{MM}' THEN 2 WHEN '{DD}' THEN 2
                                WHEN '{Q}' THEN 1 WHEN '{{' THEN 1 WHEN '}}' THEN 1 WHEN '{prefix}' THEN length(p_rules.prefix)
                                ELSE length(v_piece) END;
        v_part := substr(v_text, v_at, v_width);
        v_at := v_at + v_width;
        CONTINUE WHEN v_piece NOT IN ('{YYYY}', '{YY}', '{MM}', '{DD}', '{FY}');
        IF v_part !~ '^[0-9]+$' THEN
            RETURN NULL;
        END IF;
        CASE v_piece
            WHEN '{YYYY}' THEN v_year := v_part;
            WHEN '{YY}' THEN v_year := 2000 + v_part::integer;
            WHEN '{MM}' THEN v_month := v_part;
            WHEN '{DD}' THEN v_day := v_part;
            WHEN '{FY}' THEN v_fiscal_year := v_part;
        END CASE;
    END LOOP;
    -- Where no year is shown, any leap year will do.
    FOR v_year IN SELECT y FROM unnest(CASE WHEN v_year IS NOT NULL THEN ARRAY[v_year]
                                            WHEN v_fiscal_year IS NOT NULL THEN ARRAY[v_fiscal_year - 1, v_fiscal_year]
                                            ELSE ARRAY[2000] END) y
                  WHERE y BETWEEN 1 AND 9999
    LOOP
        FOR v_nth IN coalesce(v_month, 1) .. coalesce(v_month, 12) LOOP
            CONTINUE WHEN v_nth NOT BETWEEN 1 AND 12;
            CONTINUE WHEN coalesce(v_day, 1) NOT BETWEEN 1
                AND extract(day FROM make_date(v_year, v_nth, 1) + interval '1 month' - interval '1 day');
            BEGIN
                v_slot := public.slot_of(p_rules, make_date(v_year, v_nth, coalesce(v_day, 1)));
                IF v_slot.number_head = p_head AND v_slot.number_tail = p_tail THEN
                    RETURN v_slot.period;
                END IF;
            EXCEPTION WHEN SQLSTATE 'OR020' THEN
                NULL; -- the template cannot show this date
            END;
        END LOOP;
    END LOOP;
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION "period_written" FROM PUBLIC;

-- A number that was issued and that some rules could give again, to another period or value; null if there is none. A
-- counter only gives values from its first one on: that of a period that has begun is known, of all others it is the start.
--
-- p_seen  the last batch of each period whose numbers were looked at already; null if none was
CREATE FUNCTION "number_to_repeat"(p_rules public.sequences, p_seen jsonb) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    -- Head and tail are of a fixed width: those of any date that all tokens can show, also the ones with two digits.
    v_slot CONSTANT public.slot := public.slot_of(p_rules, '2050-01-01');
    v_number text;
BEGIN
    -- Digits are compared as text, since what does not fit the pattern may be looked at before it is left out. As a
    -- statement that is planned each time, a pattern that begins with text leads to its numbers by their index.
    EXECUTE format($sql$
        WITH fitting AS NOT MATERIALIZED (
            SELECT l.number, l.period, lpad(l.value::text, 16, '0') AS value, left(l.number, $3) AS head,
                   right(l.number, $4) AS tail, substr(l.number, $3 + 1, length(l.number) - $3 - $4) AS digits
            FROM %s AND l.number ~ $2
        ), forms AS MATERIALIZED (
            SELECT f.head, f.tail, public.period_written($5, f.head, f.tail) AS period
            FROM (SELECT DISTINCT f.head, f.tail FROM fitting f) f
        ), lowest AS MATERIALIZED (
            SELECT f.head, f.tail, f.period, lpad(coalesce(c.first_value, ($5).start)::text, 16, '0') AS value
            FROM forms f LEFT JOIN public.counters c ON c.prefix = $1 AND c.period = f.period
            WHERE f.period IS NOT NULL
              AND NOT EXISTS (SELECT FROM public.closed_periods x WHERE x.prefix = $1 AND x.period = f.period)
        )
        SELECT n.number FROM fitting n JOIN lowest o ON o.head = n.head AND o.tail = n.tail
        WHERE length(n.digits) <= 16 AND (length(n.digits) = $6 OR n.digits !~ '^0')
          AND lpad(n.digits, 16, '0') COLLATE "C" BETWEEN o.value AND '9007199254740991'
          AND (n.period, n.value) IS DISTINCT FROM (o.period, lpad(n.digits, 16, '0'))
        LIMIT 1
        $sql$,
        CASE WHEN p_seen IS NULL THEN 'public.ledger l WHERE l.prefix = $1'
             ELSE 'public.counters c JOIN public.ledger l ON l.prefix = c.prefix AND l.period = c.period
                                                          AND l.batch > coalesce(($7 ->> c.period)::bigint, 0)
                   WHERE c.prefix = $1' END)
    INTO v_number
    USING p_rules.prefix, public.pattern_of(p_rules.prefix, p_rules.template), length(v_slot.number_head),
          length(v_slot.number_tail), p_rules, v_slot.number_width, p_seen;
    RETURN v_number;
END
$$;
REVOKE EXECUTE ON FUNCTION "number_to_repeat" FROM PUBLIC;

-- SQLSTATEs as before.
CREATE OR REPLACE FUNCTION "add_rules"(
    p_prefix text, p_version integer, p_template text, p_reset text, p_time_zone text, p_fiscal_year_start integer,
    p_start bigint, p_gap_policy text, p_release_window_seconds integer, p_sealed_to text, p_allow_overlap boolean,
    p_business_date_past_days integer, p_business_date_future_days integer, p_active boolean, p_created_by text,
    p_reason text, p_request_id text, p_known_versions bigint
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_last public.sequences;
    v_rules public.sequences;
    v_looks boolean := false;
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
        v_looks := true;
        v_rules.prefix := p_prefix;
        v_rules.template := p_template;
        v_rules.reset := p_reset;
        v_rules.fiscal_year_start := p_fiscal_year_start;
        v_rules.start := p_start;
        -- A long look at all that was issued, while issuing goes on; then, with the counters held, a short one at what
        -- has come since.
        SELECT coalesce(jsonb_object_agg(c.period, c.batch), '{}') INTO v_seen
        FROM public.counters c WHERE c.prefix = p_prefix;
        v_number := public.number_to_repeat(v_rules, NULL);
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
    IF v_looks AND v_number IS NULL THEN
        -- A period that has begun since may have begun lower than the new start: then all numbers count again.
        IF EXISTS (SELECT FROM public.counters c WHERE c.prefix = p_prefix AND NOT v_seen ? c.period) THEN
            v_seen := '{}';
        END IF;
        v_number := public.number_to_repeat(v_rules, v_seen);
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
