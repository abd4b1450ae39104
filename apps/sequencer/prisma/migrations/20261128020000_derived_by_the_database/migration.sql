-- What is issued follows from the rules, the date and the requests, and from nothing else that a caller says
-- (docs/decisions/0044).

-- How the hash of a batch is made: 1 from digests that the service made, 2 from what the database itself wrote.
ALTER TABLE "batches" ADD COLUMN "format" SMALLINT NOT NULL DEFAULT 1,
    ADD CONSTRAINT "batches_format_check" CHECK ("format" IN (1, 2));

-- Periods in which nothing more is issued (docs/decisions/0045).
CREATE TABLE "closed_periods" (
    "prefix" TEXT COLLATE "C" NOT NULL,
    "period" TEXT COLLATE "C" NOT NULL,
    "closed_at" TIMESTAMPTZ(6) NOT NULL,
    "closed_by" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "request_id" TEXT,

    CONSTRAINT "closed_periods_pkey" PRIMARY KEY ("prefix","period"),
    CONSTRAINT "closed_periods_reason_check" CHECK ("reason" <> '')
);

CREATE TRIGGER "closed_periods_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "closed_periods" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
ALTER TABLE "closed_periods" ENABLE ALWAYS TRIGGER "closed_periods_append_only";

-- Closes a period for good. The application's role may call this and may not write to the table. What is issued in the
-- period commits before, or not at all.
--
-- Returns null if the period was closed before.
--
-- SQLSTATE OR024: the period is not over; or it is none.
CREATE FUNCTION "close_period"(p_prefix text, p_period text, p_closed_by text, p_reason text, p_request_id text)
RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_rules public.sequences;
    v_today date;
    v_reset text;
    v_closed_at timestamptz;
BEGIN
    PERFORM public.require_read_committed();
    PERFORM FROM public.sequences s WHERE s.prefix = p_prefix AND s.version = 1 FOR UPDATE;
    SELECT s.* INTO v_rules FROM public.sequences s WHERE s.prefix = p_prefix ORDER BY s.version DESC LIMIT 1;
    v_today := public.day_in(v_rules.time_zone, clock_timestamp());
    v_reset := CASE
        WHEN p_period ~ '^[0-9]{4}$' THEN 'yearly'
        WHEN p_period ~ '^FY[0-9]{4}$' THEN 'fiscal_yearly'
        WHEN p_period ~ '^[0-9]{4}-Q[1-4]$' THEN 'quarterly'
        WHEN p_period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$' THEN 'monthly'
        WHEN p_period ~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' THEN 'daily'
    END;
    -- Periods of one kind have the order of their texts.
    IF v_rules.prefix IS NULL OR v_reset IS NULL
        OR p_period >= public.period_of(v_reset, v_rules.fiscal_year_start, v_today) COLLATE "C" THEN
        RAISE EXCEPTION 'the period % of % is not over', p_period, p_prefix USING ERRCODE = 'OR024';
    END IF;
    PERFORM FROM public.counters c WHERE c.prefix = p_prefix AND c.period = p_period FOR UPDATE;
    INSERT INTO public.closed_periods (prefix, period, closed_at, closed_by, reason, request_id)
    -- Not before what was issued in it, where the clock was set back.
    VALUES (p_prefix, p_period,
            greatest(clock_timestamp(), (SELECT b.at FROM public.batches b ORDER BY b.feed DESC LIMIT 1)),
            p_closed_by, p_reason, p_request_id)
    ON CONFLICT DO NOTHING RETURNING closed_at INTO v_closed_at;
    RETURN v_closed_at;
END
$$;
REVOKE EXECUTE ON FUNCTION "close_period" FROM PUBLIC;

-- A request as the hash of its batch has it: its fields, each that may be missing with a letter before it, with the
-- unit separator (U+001F) between them. No field has that.
CREATE FUNCTION "request_text"(r public.ledger_request) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT concat_ws(E'\x1f', r.event, r.caller, r.key, r.count, 'H' || r.hold_seconds, 'C' || r.client_id, 'G' || r.generated_by,
        'S' || r.site_id, 'P' || r.partition_id, 'T' || r.invoice_type, 'D' || to_char(r.business_date::timestamp, 'YYYY-MM-DD'),
        'R' || r.reason, 'I' || r.request_id)
$$;

-- The hash of a batch: of the hash before, then of one text (docs/audit.md).
--
-- p_runs      value:revision:count of each value that is not new, then of the one run of those that are
-- p_requests  as request_text gives them
-- p_fields    how many fields they have: with one more, a field would have a separator in it
CREATE FUNCTION "link_hash"(p_previous bytea, p_batch public.batches, p_runs text, p_requests text, p_fields bigint)
RETURNS bytea LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    IF length(p_requests) - length(replace(p_requests, E'\x1f', '')) IS DISTINCT FROM p_fields - 1 THEN
        RAISE EXCEPTION 'a field has the character U+001F' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN sha256(p_previous || convert_to(concat_ws(E'\x1f', 'ordinal-batch-v2', p_batch.prefix, p_batch.period, p_batch.batch,
        p_batch.rules_version, p_batch.gap_policy, p_batch.rows,
        (extract(epoch FROM p_batch.at) * 1000000)::bigint,
        'N' || p_batch.number_head, 'W' || p_batch.number_width, 'T' || p_batch.number_tail,
        p_runs, p_requests), 'UTF8'));
END
$$;

-- Gives new numbers to requests, in their order, as one link of the counter's chain. The application's role may call
-- this and may not write to the tables. Period, frame, first value and hash follow from the rules, the date and the
-- requests: so density is the database's promise, not the application's.
--
-- p_rules_version  by which the caller decided that it may ask
-- p_date      the business date of all requests; null: the day of the database's clock in the sequence's time zone.
--             Requests of the events import and skip may have none of their own.
-- p_requests  the event is issue, reserve, suppress, import or skip
-- p_look_up   some keys may have been used before: what they got is given back in "replays", and they get nothing new
-- p_expected  what the first new value has to be; null if that does not matter
--
-- Requests for one number take the values in "recycled", in their order, while there are any; all others follow each
-- other from "first_value", which is null if there are none: behind the last value there is no next one.
--
-- SQLSTATE OR001: the rules have another version by now, or the sequence is retired. OR002: another period began while
-- the counter was waited for. OR007: the first new value is another; DETAIL is that. OR020: as in slot_of. OR022: the
-- date is outside the window of the rules; DETAIL is the window. OR023: the period is closed. OR030: the
-- sequence is sealed to another caller. OR031: as in claim_frame. OR032: as in require_read_committed.
DROP FUNCTION "issue_numbers";
CREATE FUNCTION "issue_numbers"(
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
REVOKE EXECUTE ON FUNCTION "issue_numbers" FROM PUBLIC;
