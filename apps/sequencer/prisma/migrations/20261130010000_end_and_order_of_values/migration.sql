-- More rules of a sequence: the last value of a period and when to warn of it, and whether numbers have the order of their
-- business dates (docs/decisions/0064).
ALTER TABLE "sequences"
    -- The last value that may be issued in a period. Null: there is none.
    ADD COLUMN "end_value" BIGINT,
    -- With how many values left the service warns: a number of values, or a percentage of those from start to end.
    ADD COLUMN "warn_at" TEXT,
    -- Whether a number has no earlier business date than the one before it in its period.
    ADD COLUMN "chronological" BOOLEAN NOT NULL DEFAULT false,
    ADD CONSTRAINT "sequences_end_value_check" CHECK ("end_value" BETWEEN "start" AND 9007199254740991),
    ADD CONSTRAINT "sequences_warn_at_check" CHECK ("warn_at" ~ '^[1-9]([0-9]{0,15}|[0-9]?%)$'),
    -- A released value that is issued again would stand behind later dates.
    ADD CONSTRAINT "sequences_chronological_check" CHECK (NOT "chronological" OR "gap_policy" = 'strict');

-- The requests of a batch that were not made before, by their places.
CREATE FUNCTION "requests_left"(p_requests public.ledger_request[], p_replayed bigint[]) RETURNS integer[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(n ORDER BY n) FROM generate_series(1, cardinality(p_requests)) n WHERE n <> ALL (coalesce(p_replayed, '{}'))
$$;
REVOKE EXECUTE ON FUNCTION "requests_left" FROM PUBLIC;

-- The requests of a batch that cannot be carried out with the values there are, by their places: each takes what those
-- before it leave. And how many new values are left after those that can.
--
-- p_left   the places of the requests that ask for numbers
-- p_free   how many released values there are for requests for one number
-- p_fresh  how many new values there are
CREATE FUNCTION "requests_beyond"(p_requests public.ledger_request[], p_left integer[], p_free integer, p_fresh bigint,
                                  OUT beyond integer[], OUT fresh bigint)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    v_free integer := p_free;
    v_nth integer;
BEGIN
    beyond := '{}';
    fresh := greatest(p_fresh, 0);
    FOREACH v_nth IN ARRAY p_left LOOP
        IF v_free > 0 AND p_requests[v_nth].count = 1 AND p_requests[v_nth].event IN ('issue', 'reserve', 'suppress') THEN
            v_free := v_free - 1;
        ELSIF p_requests[v_nth].count <= fresh THEN
            fresh := fresh - p_requests[v_nth].count;
        ELSE
            beyond := beyond || v_nth;
        END IF;
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION "requests_beyond" FROM PUBLIC;

-- SQLSTATE OR025: there are fewer values than the requests need. OR026: a number of the date would follow one of a later
-- date. DETAIL of both has the requests that cannot be carried out: the others can, by themselves. Further SQLSTATEs as before.
CREATE OR REPLACE FUNCTION "issue_numbers"(
    p_prefix text, p_rules_version integer, p_date date, p_requests public.ledger_request[], p_look_up boolean,
    p_expected bigint
) RETURNS TABLE ("period" text, "number_head" text, "number_width" integer, "number_tail" text,
                 "first_value" bigint, "recycled" bigint[], "replays" json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    v_requests public.ledger_request[] := p_requests;
    v_replayed bigint[];
    v_rules public.sequences;
    v_today date;
    v_slot public.slot;
    v_counter public.counters;
    v_batch public.batches;
    v_current integer;
    v_closed boolean;
    v_claimed boolean;
    v_now timestamptz;
    v_last_at timestamptz;
    v_latest_at timestamptz;
    v_texts text;
    v_fields bigint;
    v_wrong bigint;
    v_imports bigint;
    v_plain boolean;
    v_count bigint;
    v_recycled bigint[] := '{}';
    v_revisions integer[];
    v_taken integer;
    v_first bigint;
    v_fresh integer;
    v_end bigint;
    v_last_date date;
    v_last_number text;
    v_runs text;
    v_reserved integer := 0;
    v_free integer := 0;
    v_void integer := 0;
    v_of_sites integer := 0;
BEGIN
    PERFORM public.require_read_committed();
    SELECT s.* INTO v_rules FROM public.sequences s WHERE s.prefix = p_prefix AND s.version = p_rules_version;
    IF NOT FOUND OR NOT v_rules.active THEN
        RAISE EXCEPTION 'the rules of % are not at version %, or it is retired', p_prefix, p_rules_version USING ERRCODE = 'OR001';
    END IF;
    v_today := public.day_in(v_rules.time_zone, clock_timestamp());
    v_slot := public.slot_of(v_rules, coalesce(p_date, v_today));

    -- Held until the commit: who holds it sees, in every later statement, all that was committed before, and reads
    -- a later time. (It also makes a transaction of nothing but replays wait for a synchronous standby.)
    LOOP
        SELECT c.* INTO v_counter FROM public.counters c
        WHERE c.prefix = p_prefix AND c.period = v_slot.period FOR UPDATE;
        EXIT WHEN FOUND;
        -- A change of the rules holds the counters that there are, and could not hold this one: it waits, or is waited for.
        PERFORM FROM public.sequences s WHERE s.prefix = p_prefix AND s.version = 1 FOR SHARE;
        INSERT INTO public.counters (prefix, period, first_value, last_value)
        VALUES (p_prefix, v_slot.period, v_rules.start, v_rules.start - 1) ON CONFLICT DO NOTHING;
    END LOOP;
    v_now := clock_timestamp();

    -- Each by itself: as one statement they take ten times as long.
    SELECT s.version INTO v_current FROM public.sequences s WHERE s.prefix = p_prefix ORDER BY s.version DESC LIMIT 1;
    v_closed := EXISTS (SELECT FROM public.closed_periods x WHERE x.prefix = p_prefix AND x.period = v_slot.period);
    v_claimed := EXISTS (
        SELECT FROM public.frames f
        WHERE f.prefix = p_prefix AND f.number_head = v_slot.number_head AND f.number_width = v_slot.number_width
          AND f.number_tail = v_slot.number_tail AND f.shared <= v_rules.allow_overlap);
    SELECT b.at INTO v_last_at FROM public.batches b
    WHERE b.prefix = p_prefix AND b.period = v_slot.period AND b.batch = v_counter.batch;
    SELECT b.at INTO v_latest_at FROM public.batches b ORDER BY b.feed DESC LIMIT 1;
    IF v_current <> p_rules_version THEN
        RAISE EXCEPTION 'the rules of % are no longer at version %', p_prefix, p_rules_version USING ERRCODE = 'OR001';
    END IF;
    IF p_date IS NULL AND v_today <> public.day_in(v_rules.time_zone, v_now) THEN
        RAISE EXCEPTION 'it is no longer %', v_today USING ERRCODE = 'OR002';
    END IF;
    -- Where the clock was set back, times go on from those before, in this chain and over all.
    v_batch.at := greatest(v_now, v_last_at, v_latest_at, v_rules.created_at);

    IF array_ndims(p_requests) <> 1 OR array_lower(p_requests, 1) <> 1 THEN
        RAISE EXCEPTION 'the requests are no plain array' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF p_look_up THEN
        replays := public.replays_of(p_prefix, p_requests);
        IF replays IS NOT NULL THEN
            SELECT array_agg(DISTINCT (r ->> 'request')::bigint) INTO v_replayed FROM json_array_elements(replays) r;
            SELECT array_agg(p_requests[n] ORDER BY n) INTO v_requests
            FROM generate_series(1, cardinality(p_requests)) n WHERE n <> ALL (v_replayed);
        END IF;
    END IF;
    period := v_slot.period;
    number_head := v_slot.number_head;
    number_width := v_slot.number_width;
    number_tail := v_slot.number_tail;
    first_value := NULL;
    recycled := '{}';
    IF coalesce(cardinality(v_requests), 0) = 0 THEN
        -- Nothing but replays: a period that has not begun still has to begin at the start value of its day.
        DELETE FROM public.counters c WHERE c.prefix = p_prefix AND c.period = v_slot.period AND c.batch = 0;
        RETURN NEXT;
        RETURN;
    END IF;

    SELECT string_agg(public.request_text(r), E'\x1f'),
           4 * count(*) + count(r.hold_seconds) + count(r.client_id) + count(r.generated_by) + count(r.site_id)
               + count(r.partition_id) + count(r.invoice_type) + count(r.business_date) + count(r.reason) + count(r.request_id),
           count(*) FILTER (WHERE (r.caller <> '' AND r.key <> '' AND r.count BETWEEN 1 AND 20000 AND CASE
               WHEN r.event IN ('issue', 'reserve', 'suppress')
                   THEN r.business_date IS NOT DISTINCT FROM p_date
                    AND CASE r.event WHEN 'reserve' THEN r.hold_seconds BETWEEN 1 AND 31622400 ELSE r.hold_seconds IS NULL END
               WHEN r.event IN ('import', 'skip') THEN p_date IS NOT NULL AND r.hold_seconds IS NULL
               ELSE false END) IS NOT TRUE),
           count(*) FILTER (WHERE r.event IN ('import', 'skip')),
           bool_and(r.event = 'issue' AND r.count = 1 AND r.site_id IS NULL AND r.partition_id IS NULL AND r.invoice_type IS NULL),
           sum(r.count)
    INTO v_texts, v_fields, v_wrong, v_imports, v_plain, v_count FROM unnest(v_requests) AS r;
    IF v_wrong > 0 OR v_count > 20000 OR octet_length(v_texts) > 4000000 THEN
        RAISE EXCEPTION '% of the requests cannot be carried out, or they are too large', v_wrong
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF v_rules.sealed_to IS NOT NULL AND EXISTS (
        SELECT FROM unnest(v_requests) AS r
        WHERE r.event IN ('issue', 'reserve', 'suppress') AND r.caller <> v_rules.sealed_to
    ) THEN
        RAISE EXCEPTION 'the sequence % is sealed to another caller', p_prefix USING ERRCODE = 'OR030';
    END IF;
    IF v_closed THEN
        RAISE EXCEPTION 'the period % of % is closed', v_slot.period, p_prefix USING ERRCODE = 'OR023';
    END IF;
    IF v_imports < cardinality(v_requests) AND (p_date < v_today - v_rules.business_date_past_days
                                                OR p_date > v_today + v_rules.business_date_future_days) THEN
        RAISE EXCEPTION 'the date % is outside the window of %', p_date, p_prefix USING ERRCODE = 'OR022',
            DETAIL = coalesce((v_today - v_rules.business_date_past_days)::text, '') || '/'
                  || coalesce((v_today + v_rules.business_date_future_days)::text, '');
    END IF;
    IF v_rules.chronological AND v_imports < cardinality(v_requests) THEN
        IF v_imports > 0 THEN
            RAISE EXCEPTION 'where the order of dates matters, imports go by themselves' USING ERRCODE = 'invalid_parameter_value';
        END IF;
        -- Without a business date a number has the day on which it was issued, in the time zone of the rules of that day.
        SELECT coalesce(l.business_date, public.day_in(s.time_zone, l.at)), l.number INTO v_last_date, v_last_number
        FROM public.ledger l
        JOIN public.batches b ON b.prefix = l.prefix AND b.period = l.period AND b.batch = l.batch
        JOIN public.sequences s ON s.prefix = b.prefix AND s.version = b.rules_version
        WHERE l.prefix = p_prefix AND l.period = v_slot.period AND l.value = v_counter.last_value
        ORDER BY l.revision LIMIT 1;
        IF coalesce(p_date, v_today) < v_last_date THEN
            RAISE EXCEPTION 'the date % is before %, that of %', coalesce(p_date, v_today), v_last_date, v_last_number
                USING ERRCODE = 'OR026', DETAIL = json_build_object(
                    'date', coalesce(p_date, v_today), 'last_date', v_last_date, 'last_number', v_last_number,
                    'refused', public.requests_left(p_requests, v_replayed))::text;
        END IF;
    END IF;
    IF v_imports > 0 AND EXISTS (
        SELECT FROM (SELECT DISTINCT r.business_date FROM unnest(v_requests) AS r WHERE r.business_date IS NOT NULL) d
        WHERE public.slot_of(v_rules, d.business_date) IS DISTINCT FROM v_slot
    ) THEN
        RAISE EXCEPTION 'a number would have another form or period on its date' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    IF NOT v_claimed THEN
        PERFORM public.claim_frame(v_rules, v_slot);
    END IF;

    v_first := v_counter.last_value + 1;
    v_end := coalesce(v_rules.end_value, 9007199254740991);
    IF p_expected <> v_first THEN
        RAISE EXCEPTION 'the next value of % is %', p_prefix, v_first USING ERRCODE = 'OR007', DETAIL = v_first::text;
    END IF;
    IF v_counter.free > 0 AND v_rules.gap_policy = 'recycle' THEN
        WITH taken AS (
            DELETE FROM public.free_values f
            WHERE f.prefix = p_prefix AND f.period = v_slot.period AND f.value IN (
                SELECT lowest.value FROM public.free_values lowest
                WHERE lowest.prefix = p_prefix AND lowest.period = v_slot.period AND lowest.value <= v_end ORDER BY lowest.value
                LIMIT (SELECT count(*) FROM unnest(v_requests) AS r
                       WHERE r.count = 1 AND r.event IN ('issue', 'reserve', 'suppress')))
            RETURNING f.value, f.revision
        )
        SELECT coalesce(array_agg(t.value ORDER BY t.value), '{}'), coalesce(array_agg(t.revision ORDER BY t.value), '{}')
        INTO v_recycled, v_revisions FROM taken t;
    END IF;
    v_taken := cardinality(v_recycled);
    v_fresh := v_count - v_taken;
    IF v_fresh > 0 AND v_counter.last_value + v_fresh > v_end THEN
        -- What is left when the others have been carried out, for which all of the released values taken here are used.
        RAISE EXCEPTION 'the values of % end at %', p_prefix, v_end USING ERRCODE = 'OR025', DETAIL = (
            SELECT json_build_object(
                'period', v_slot.period, 'end', v_end, 'left', r.fresh, 'refused', r.beyond,
                'free', CASE WHEN v_rules.gap_policy = 'recycle' THEN v_counter.free - v_taken - (
                    SELECT count(*) FROM public.free_values f
                    WHERE f.prefix = p_prefix AND f.period = v_slot.period AND f.value > v_end) ELSE 0 END)
            FROM public.requests_beyond(p_requests, public.requests_left(p_requests, v_replayed), v_taken,
                                        v_end - v_counter.last_value) r)::text;
    END IF;

    v_batch.prefix := p_prefix;
    v_batch.period := v_slot.period;
    v_batch.batch := v_counter.batch + 1;
    v_batch.rules_version := p_rules_version;
    v_batch.gap_policy := v_rules.gap_policy;
    v_batch.number_head := v_slot.number_head;
    v_batch.number_width := v_slot.number_width;
    v_batch.number_tail := v_slot.number_tail;
    v_batch.rows := v_count;
    v_batch.feed := greatest(v_counter.feed, pg_current_xact_id()::text::bigint);
    IF v_taken > 0 THEN
        SELECT string_agg(format('%s:%s:1', t.value, t.revision + 1), ',' ORDER BY t.value)
        INTO v_runs FROM unnest(v_recycled, v_revisions) t(value, revision);
    END IF;
    IF v_fresh > 0 THEN
        v_runs := concat_ws(',', v_runs, v_first || ':1:' || v_fresh);
    END IF;
    v_batch.hash := public.link_hash(v_counter.head, v_batch, v_runs, v_texts, v_fields);

    IF v_plain AND v_taken = 0 THEN
        -- What is nearly always asked, without the work that only the rest needs.
        INSERT INTO public.ledger (prefix, period, value, revision, event, state, number, batch, position, caller,
                                   idempotency_key, item, client_id, generated_by, business_date, reason, request_id, at)
        SELECT p_prefix, v_slot.period, v.value, 1, 'issue', 'issued',
               v_slot.number_head || lpad(v.value::text, greatest(v_slot.number_width, length(v.value::text)), '0')
                   || v_slot.number_tail,
               v_batch.batch, r.ordinality, r.caller, r.key, 0, r.client_id, r.generated_by, r.business_date, r.reason,
               r.request_id, v_batch.at
        FROM unnest(v_requests) WITH ORDINALITY AS r,
             LATERAL (SELECT v_first + r.ordinality - 1 AS value) v;
    ELSE
        INSERT INTO public.ledger (prefix, period, value, revision, event, state, number, batch, position, caller,
                                   idempotency_key, item, hold_seconds, client_id, generated_by, site_id, partition_id,
                                   invoice_type, business_date, reason, request_id, at)
        SELECT p_prefix, v_slot.period, v.value, v.revision, i.event,
               public.next_state(i.event, CASE WHEN v.revision > 1 THEN 'free' END, v_rules.gap_policy),
               v_slot.number_head
                   || lpad(v.value::text, greatest(v_slot.number_width, length(v.value::text)), '0') -- lpad alone would cut
                   || v_slot.number_tail,
               v_batch.batch, i.position, i.caller, i.key, i.item, i.hold_seconds, i.client_id, i.generated_by,
               i.site_id, i.partition_id, i.invoice_type, i.business_date, i.reason, i.request_id, v_batch.at
        FROM (SELECT r.*, item, row_number() OVER nth AS position,
                     r.count = 1 AND r.event IN ('issue', 'reserve', 'suppress') AS single,
                     count(*) FILTER (WHERE r.count = 1 AND r.event IN ('issue', 'reserve', 'suppress')) OVER nth AS singles
              FROM unnest(v_requests) WITH ORDINALITY AS r, generate_series(0, r.count - 1) item
              WINDOW nth AS (ORDER BY r.ordinality, item)) i,
             LATERAL (SELECT CASE WHEN i.single AND i.singles <= v_taken THEN v_recycled[i.singles]
                                  ELSE v_first + i.position - 1 - least(i.singles, v_taken) END AS value,
                             CASE WHEN i.single AND i.singles <= v_taken THEN v_revisions[i.singles] + 1
                                  ELSE 1 END AS revision) v;
    END IF;

    IF NOT v_plain THEN
        SELECT count(*) FILTER (WHERE l.state = 'reserved'), count(*) FILTER (WHERE l.state = 'free'),
               count(*) FILTER (WHERE l.state = 'void'), count(l.site_id)
        INTO v_reserved, v_free, v_void, v_of_sites FROM public.ledger l
        WHERE l.prefix = p_prefix AND l.period = v_slot.period AND l.batch = v_batch.batch;
    END IF;

    UPDATE public.counters c
    SET last_value = c.last_value + v_fresh, reserved = c.reserved + v_reserved, free = c.free - v_taken + v_free,
        void = c.void + v_void, batch = v_batch.batch, head = v_batch.hash, feed = v_batch.feed
    WHERE c.prefix = p_prefix AND c.period = v_slot.period;

    INSERT INTO public.batches (prefix, period, batch, rules_version, gap_policy, number_head, number_width, number_tail,
                                rows, hash, feed, at, format)
    VALUES (p_prefix, v_slot.period, v_batch.batch, p_rules_version, v_rules.gap_policy, v_slot.number_head,
            v_slot.number_width, v_slot.number_tail, v_count, v_batch.hash, v_batch.feed, v_batch.at, 2);

    IF v_reserved > 0 THEN
        INSERT INTO public.leases (prefix, period, value, number, expires_at)
        SELECT l.prefix, l.period, l.value, l.number, l.at + l.hold_seconds * interval '1 second'
        FROM public.ledger l
        WHERE l.prefix = p_prefix AND l.period = v_slot.period AND l.batch = v_batch.batch AND l.state = 'reserved';
    END IF;
    IF v_free > 0 THEN
        INSERT INTO public.free_values (prefix, period, value, revision)
        SELECT l.prefix, l.period, l.value, l.revision
        FROM public.ledger l
        WHERE l.prefix = p_prefix AND l.period = v_slot.period AND l.batch = v_batch.batch AND l.state = 'free';
    END IF;
    IF v_of_sites > 0 THEN
        INSERT INTO public.site_usage AS u (prefix, site_id, partition_id, invoice_type, issued, released, last_at)
        SELECT l.prefix, l.site_id, coalesce(l.partition_id, ''), coalesce(l.invoice_type, ''), count(*),
               count(*) FILTER (WHERE l.event = 'suppress'), v_batch.at
        FROM public.ledger l
        WHERE l.prefix = p_prefix AND l.period = v_slot.period AND l.batch = v_batch.batch AND l.site_id IS NOT NULL
        GROUP BY 1, 2, 3, 4
        ORDER BY 1, 2, 3, 4
        ON CONFLICT (prefix, site_id, partition_id, invoice_type) DO UPDATE
        SET issued = u.issued + EXCLUDED.issued, released = u.released + EXCLUDED.released, last_at = EXCLUDED.last_at;
    END IF;
    recycled := v_recycled;
    IF v_fresh > 0 THEN
        first_value := v_first;
    END IF;
    RETURN NEXT;
END
$$;

-- SQLSTATE OR009: a value above the end is issued, in a period that is not over; DETAIL is which. Further SQLSTATEs as before.
DROP FUNCTION "add_rules";
CREATE FUNCTION "add_rules"(
    p_prefix text, p_version integer, p_template text, p_reset text, p_time_zone text, p_fiscal_year_start integer,
    p_start bigint, p_gap_policy text, p_release_window_seconds integer, p_sealed_to text, p_allow_overlap boolean,
    p_business_date_past_days integer, p_business_date_future_days integer, p_active boolean, p_created_by text,
    p_reason text, p_request_id text, p_known_versions bigint,
    p_end_value bigint DEFAULT NULL, p_warn_at text DEFAULT NULL, p_chronological boolean DEFAULT false
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_last public.sequences;
    v_rules public.sequences;
    v_looks boolean := false;
    v_seen jsonb;
    v_number text;
    v_other record;
    v_period text;
    v_begun record;
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
                                  business_date_future_days, end_value, warn_at, chronological, active, created_at, created_by,
                                  reason, request_id)
    VALUES (p_prefix, p_version, p_template, p_reset, p_time_zone, p_fiscal_year_start, p_start, p_gap_policy,
            p_release_window_seconds, p_sealed_to, p_allow_overlap, p_business_date_past_days,
            p_business_date_future_days, p_end_value, p_warn_at, p_chronological, p_active,
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
    -- Periods that are over keep what they have above the end, and get nothing more.
    IF p_active AND p_end_value IS NOT NULL THEN
        v_period := (public.slot_of(v_rules, public.day_in(v_rules.time_zone, clock_timestamp()))).period;
        SELECT c.period, c.last_value INTO v_begun FROM public.counters c
        WHERE c.prefix = p_prefix AND c.last_value > p_end_value AND c.period >= v_period COLLATE "C"
          AND regexp_replace(c.period, '[0-9]', '9', 'g') = regexp_replace(v_period, '[0-9]', '9', 'g')
        ORDER BY c.period LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'the value % of % is issued', v_begun.last_value, p_prefix USING ERRCODE = 'OR009',
                DETAIL = json_build_object('period', v_begun.period, 'value', v_begun.last_value)::text;
        END IF;
    END IF;
    RETURN v_rules.created_at;
END
$$;
REVOKE EXECUTE ON FUNCTION "add_rules" FROM PUBLIC;

SELECT register_rows();
