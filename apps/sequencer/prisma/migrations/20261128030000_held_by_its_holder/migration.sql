-- A number is changed by the caller that holds it, or by a role that may (docs/decisions/0042).

-- Why a caller may not take a number on to another state; null if it may. The same as refusalToChange of
-- core/holding.ts: a test compares them.
--
-- p_authority  none; machine: an API key; person: a token of the role operator or admin
-- p_holder     the caller that drew the number, at p_drawn_at
-- p_confirmed  whether it was confirmed since
CREATE FUNCTION "refusal_to_change"(
    p_event text, p_caller text, p_authority text, p_holder text, p_drawn_at timestamptz, p_confirmed boolean,
    p_sealed_to text, p_release_window_seconds integer, p_at timestamptz
) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN p_event = 'expire' OR p_caller = p_sealed_to THEN NULL
        WHEN p_sealed_to IS NOT NULL
            THEN CASE WHEN p_authority = 'person' AND p_event <> 'confirm' THEN NULL ELSE 'sealed' END
        WHEN p_authority = 'person' OR p_authority = 'machine' AND p_holder = 'anonymous' THEN NULL
        WHEN p_caller IS DISTINCT FROM p_holder THEN 'held'
        WHEN p_caller <> 'anonymous' OR p_event = 'confirm' THEN NULL
        WHEN p_confirmed THEN 'confirmed'
        WHEN p_event <> 'release' THEN 'held'
        WHEN p_at >= p_drawn_at + p_release_window_seconds * interval '1 second' THEN 'late'
    END
$$;

-- Takes numbers on to their next state, in the order of the requests, as one link of the counter's chain. What is not
-- allowed changes nothing, and does not stop the others.
--
-- p_requests     the event is confirm, release, expire or void; release and void have a reason. One that names a site is
--                for a number which that site and partition has drawn.
-- p_authorities  of each caller, in the same order, as refusal_to_change takes it; none if it is missing
-- p_look_up      as in issue_numbers
-- "outcomes"  [{request, done, state, value, number, expires_at, refusal, site_id, partition_id}] of each request that
--             was not made before: the state that it made, or that forbade it, why its caller may not, and which site
--             has drawn the number
--
-- SQLSTATE OR001 as in issue_numbers.
DROP FUNCTION "change_numbers";
CREATE FUNCTION "change_numbers"(
    p_prefix text, p_period text, p_rules_version integer, p_requests public.ledger_request[], p_authorities text[],
    p_look_up boolean
) RETURNS TABLE ("outcomes" json, "replays" json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    v_counter public.counters;
    v_rules public.sequences;
    v_batch public.batches;
    v_last_at timestamptz;
    v_replayed bigint[] := '{}';
    v_outcomes json[] := '{}';
    v_texts text[] := '{}';
    v_fields bigint := 0;
    v_runs text[] := '{}';
    v_count integer := 0;
    v_wrong bigint;
    v_request record;
    v_last public.ledger;
    v_holder public.ledger;
    v_expires_at timestamptz;
    v_state text;
    v_refusal text;
BEGIN
    SELECT c.* INTO v_counter FROM public.counters c WHERE c.prefix = p_prefix AND c.period = p_period FOR UPDATE;
    v_batch.at := clock_timestamp();
    SELECT b.at INTO v_last_at FROM public.batches b
    WHERE b.prefix = p_prefix AND b.period = p_period AND b.batch = v_counter.batch;
    -- Times ascend along the chain, also where the clock was set back a little.
    IF v_last_at > v_batch.at AND v_last_at < v_batch.at + interval '1 minute' THEN
        v_batch.at := v_last_at;
    END IF;
    SELECT s.* INTO v_rules FROM public.sequences s WHERE s.prefix = p_prefix ORDER BY s.version DESC LIMIT 1;
    IF v_rules.version IS DISTINCT FROM p_rules_version THEN
        RAISE EXCEPTION 'the rules of % are no longer at version %', p_prefix, p_rules_version USING ERRCODE = 'OR001';
    END IF;
    IF array_ndims(p_requests) <> 1 OR array_lower(p_requests, 1) <> 1 THEN
        RAISE EXCEPTION 'the requests are no plain array' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT count(*) INTO v_wrong FROM unnest(p_requests) AS r
    WHERE (r.caller <> '' AND r.key <> '' AND r.count = 1 AND r.event IN ('confirm', 'release', 'expire', 'void')
           AND (r.event NOT IN ('release', 'void') OR r.reason <> '') AND r.hold_seconds IS NULL
           AND r.invoice_type IS NULL AND r.business_date IS NULL AND octet_length(public.request_text(r)) < 100000) IS NOT TRUE;
    IF v_wrong > 0 OR cardinality(p_requests) > 20000 THEN
        RAISE EXCEPTION '% of the requests cannot be carried out', v_wrong USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF p_look_up THEN
        replays := public.replays_of(p_prefix, p_requests);
        IF replays IS NOT NULL THEN
            SELECT array_agg(DISTINCT (r ->> 'request')::bigint) INTO v_replayed FROM json_array_elements(replays) r;
        END IF;
    END IF;
    v_batch.prefix := p_prefix;
    v_batch.period := p_period;
    v_batch.batch := v_counter.batch + 1;
    v_batch.rules_version := p_rules_version;
    v_batch.gap_policy := v_rules.gap_policy;

    FOR v_request IN
        SELECT r.*, n FROM generate_series(1, cardinality(p_requests)) n, LATERAL (SELECT (p_requests[n]).*) r
        WHERE n <> ALL (v_replayed)
        ORDER BY n
    LOOP
        SELECT l.* INTO v_last FROM public.ledger l
        WHERE l.prefix = p_prefix AND l.period = p_period AND l.value = v_request.value ORDER BY l.revision DESC LIMIT 1;
        SELECT e.expires_at INTO v_expires_at FROM public.leases e
        WHERE e.prefix = p_prefix AND e.period = p_period AND e.value = v_request.value;
        SELECT l.* INTO v_holder FROM public.ledger l
        WHERE l.prefix = p_prefix AND l.period = p_period AND l.value = v_request.value
          AND l.event IN ('issue', 'reserve', 'suppress', 'import')
        ORDER BY l.revision DESC LIMIT 1;
        v_state := public.next_state(v_request.event, v_last.state, v_rules.gap_policy);
        v_refusal := CASE WHEN v_last.state IN ('reserved', 'issued') THEN public.refusal_to_change(
            v_request.event, v_request.caller, coalesce(p_authorities[v_request.n], 'none'), v_holder.caller, v_holder.at,
            v_last.event = 'confirm', v_rules.sealed_to, v_rules.release_window_seconds, v_batch.at) END;
        -- A value that is issued again under another date has another number.
        IF v_state IS NULL OR v_refusal IS NOT NULL
            OR v_last.number IS DISTINCT FROM v_request.number
            OR v_request.event = 'expire' AND v_expires_at > v_batch.at
            OR v_request.event = 'confirm' AND v_expires_at <= v_batch.at
            OR v_request.site_id IS NOT NULL
               AND (v_holder.site_id, v_holder.partition_id) IS DISTINCT FROM (v_request.site_id, v_request.partition_id) THEN
            v_outcomes := v_outcomes || json_build_object('request', v_request.n, 'done', false, 'state', v_last.state,
                'value', v_last.value, 'number', v_last.number, 'expires_at', v_expires_at, 'refusal', v_refusal,
                'site_id', v_holder.site_id, 'partition_id', v_holder.partition_id);
            CONTINUE;
        END IF;

        v_count := v_count + 1;
        INSERT INTO public.ledger (prefix, period, value, revision, event, state, number, batch, position, caller,
                                   idempotency_key, item, client_id, generated_by, site_id, partition_id, reason,
                                   request_id, at)
        VALUES (p_prefix, p_period, v_last.value, v_last.revision + 1, v_request.event, v_state, v_last.number,
                v_batch.batch, v_count, v_request.caller, v_request.key, 0, v_request.client_id,
                v_request.generated_by, v_request.site_id, v_request.partition_id, v_request.reason,
                v_request.request_id, v_batch.at);
        v_texts := v_texts || public.request_text(p_requests[v_request.n]);
        v_fields := v_fields + 4 + num_nonnulls(v_request.client_id, v_request.generated_by, v_request.site_id,
                                                v_request.partition_id, v_request.reason, v_request.request_id);
        v_runs := v_runs || format('%s:%s:1', v_last.value, v_last.revision + 1);
        v_outcomes := v_outcomes || json_build_object('request', v_request.n, 'done', true, 'state', v_state,
            'value', v_last.value, 'number', v_last.number);

        IF v_last.state = 'reserved' THEN
            DELETE FROM public.leases e
            WHERE e.prefix = p_prefix AND e.period = p_period AND e.value = v_last.value;
            v_counter.reserved := v_counter.reserved - 1;
        END IF;
        IF v_state = 'free' THEN
            INSERT INTO public.free_values (prefix, period, value, revision)
            VALUES (p_prefix, p_period, v_last.value, v_last.revision + 1);
            v_counter.free := v_counter.free + 1;
        ELSIF v_state = 'void' THEN
            v_counter.void := v_counter.void + 1;
        END IF;
        IF v_request.event IN ('release', 'expire') THEN
            UPDATE public.site_usage u SET released = u.released + 1
            WHERE u.prefix = p_prefix AND u.site_id = v_holder.site_id
              AND u.partition_id = coalesce(v_holder.partition_id, '')
              AND u.invoice_type = coalesce(v_holder.invoice_type, '');
        END IF;
    END LOOP;
    outcomes := array_to_json(v_outcomes);
    IF v_count > 0 THEN
        v_batch.rows := v_count;
        v_batch.feed := greatest(v_counter.feed, pg_current_xact_id()::text::bigint);
        v_batch.hash := public.link_hash(v_counter.head, v_batch, array_to_string(v_runs, ','),
                                         array_to_string(v_texts, E'\x1f'), v_fields);
        UPDATE public.counters c
        SET reserved = v_counter.reserved, free = v_counter.free, void = v_counter.void, batch = v_batch.batch,
            head = v_batch.hash, feed = v_batch.feed
        WHERE c.prefix = p_prefix AND c.period = p_period;
        INSERT INTO public.batches (prefix, period, batch, rules_version, gap_policy, rows, hash, feed, at, format)
        VALUES (p_prefix, p_period, v_batch.batch, p_rules_version, v_rules.gap_policy, v_count, v_batch.hash,
                v_batch.feed, v_batch.at, 2);
    END IF;
    RETURN NEXT;
END
$$;
REVOKE EXECUTE ON FUNCTION "change_numbers" FROM PUBLIC;

-- As before; and what is sealed is issued to its caller alone.
--
-- SQLSTATE OR030: the sequence is sealed to another caller.
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
    v_last_at timestamptz;
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
    v_runs text;
    v_reserved integer := 0;
    v_free integer := 0;
    v_void integer := 0;
    v_of_sites integer := 0;
BEGIN
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
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('rules of ' || p_prefix, 0));
        INSERT INTO public.counters (prefix, period, first_value, last_value)
        VALUES (p_prefix, v_slot.period, v_rules.start, v_rules.start - 1) ON CONFLICT DO NOTHING;
    END LOOP;
    v_batch.at := clock_timestamp();

    SELECT (SELECT s.version FROM public.sequences s WHERE s.prefix = p_prefix ORDER BY s.version DESC LIMIT 1),
           EXISTS (SELECT FROM public.closed_periods x WHERE x.prefix = p_prefix AND x.period = v_slot.period),
           (SELECT b.at FROM public.batches b
            WHERE b.prefix = p_prefix AND b.period = v_slot.period AND b.batch = v_counter.batch)
    INTO v_current, v_closed, v_last_at;
    IF v_current <> p_rules_version THEN
        RAISE EXCEPTION 'the rules of % are no longer at version %', p_prefix, p_rules_version USING ERRCODE = 'OR001';
    END IF;
    IF p_date IS NULL AND v_today <> public.day_in(v_rules.time_zone, v_batch.at) THEN
        RAISE EXCEPTION 'it is no longer %', v_today USING ERRCODE = 'OR002';
    END IF;
    -- Times ascend along the chain, also where the clock was set back a little.
    IF v_last_at > v_batch.at AND v_last_at < v_batch.at + interval '1 minute' THEN
        v_batch.at := v_last_at;
    END IF;

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
    IF v_imports > 0 AND EXISTS (
        SELECT FROM (SELECT DISTINCT r.business_date FROM unnest(v_requests) AS r WHERE r.business_date IS NOT NULL) d
        WHERE public.slot_of(v_rules, d.business_date) IS DISTINCT FROM v_slot
    ) THEN
        RAISE EXCEPTION 'a number would have another form or period on its date' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    v_first := v_counter.last_value + 1;
    IF p_expected <> v_first THEN
        RAISE EXCEPTION 'the next value of % is %', p_prefix, v_first USING ERRCODE = 'OR007', DETAIL = v_first::text;
    END IF;
    IF v_counter.free > 0 AND v_rules.gap_policy = 'recycle' THEN
        WITH taken AS (
            DELETE FROM public.free_values f
            WHERE f.prefix = p_prefix AND f.period = v_slot.period AND f.value IN (
                SELECT lowest.value FROM public.free_values lowest
                WHERE lowest.prefix = p_prefix AND lowest.period = v_slot.period ORDER BY lowest.value
                LIMIT (SELECT count(*) FROM unnest(v_requests) AS r
                       WHERE r.count = 1 AND r.event IN ('issue', 'reserve', 'suppress')))
            RETURNING f.value, f.revision
        )
        SELECT coalesce(array_agg(t.value ORDER BY t.value), '{}'), coalesce(array_agg(t.revision ORDER BY t.value), '{}')
        INTO v_recycled, v_revisions FROM taken t;
    END IF;
    v_taken := cardinality(v_recycled);
    v_fresh := v_count - v_taken;

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

-- As before; and whoever adds rules that may not share a number with another sequence says upon which rules of the others
-- that was decided (docs/decisions/0043).
CREATE OR REPLACE FUNCTION "add_rules"(
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

-- A number of an order is never issued again; and GLOBAL and DEFAULT both count 1, 2, 3, each in its own call. In a new ledger
-- it is so from the first version on; in any other by a version more, and for ORD only where it has issued nothing.
DO $$
BEGIN
    IF to_regclass('public.register') IS NULL AND NOT EXISTS (SELECT FROM "counters")
        AND NOT EXISTS (SELECT FROM "sequences" WHERE "version" > 1) THEN
        ALTER TABLE "sequences" DISABLE TRIGGER "sequences_append_only";
        UPDATE "sequences" SET "gap_policy" = 'strict' WHERE "prefix" = 'ORD';
        UPDATE "sequences" SET "allow_overlap" = true WHERE "prefix" IN ('GLOBAL', 'DEFAULT');
        ALTER TABLE "sequences" ENABLE ALWAYS TRIGGER "sequences_append_only";
    ELSE
        INSERT INTO "sequences" ("prefix", "version", "template", "reset", "time_zone", "fiscal_year_start", "start", "gap_policy",
                                 "created_by", "reason")
        SELECT "prefix", 2, "template", "reset", "time_zone", "fiscal_year_start", "start", 'strict', 'ordinal',
               'a released number of an order is never issued again'
        FROM "sequences" s
        WHERE "prefix" = 'ORD' AND "version" = 1
          AND NOT EXISTS (SELECT FROM "sequences" n WHERE n."prefix" = 'ORD' AND n."version" = 2)
          AND NOT EXISTS (SELECT FROM "counters" c WHERE c."prefix" = 'ORD');

        INSERT INTO "sequences" ("prefix", "version", "template", "reset", "time_zone", "fiscal_year_start", "start", "gap_policy",
                                 "release_window_seconds", "sealed_to", "allow_overlap", "business_date_past_days",
                                 "business_date_future_days", "created_by", "reason")
        SELECT "prefix", "version" + 1, "template", "reset", "time_zone", "fiscal_year_start", "start", "gap_policy",
               "release_window_seconds", "sealed_to", true, "business_date_past_days", "business_date_future_days", 'ordinal',
               'GLOBAL and DEFAULT both count 1, 2, 3: each is addressed by its own call, or with its prefix'
        FROM (SELECT DISTINCT ON ("prefix") * FROM "sequences" WHERE "prefix" IN ('GLOBAL', 'DEFAULT')
              ORDER BY "prefix", "version" DESC) s
        WHERE "active" AND "template" = '{seq}';
    END IF;
END
$$;
