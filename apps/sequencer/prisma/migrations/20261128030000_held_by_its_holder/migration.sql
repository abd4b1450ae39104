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
-- SQLSTATE OR001, OR032 as in issue_numbers.
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
    v_now timestamptz;
    v_last_at timestamptz;
    v_latest_at timestamptz;
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
    PERFORM public.require_read_committed();
    SELECT c.* INTO v_counter FROM public.counters c WHERE c.prefix = p_prefix AND c.period = p_period FOR UPDATE;
    v_now := clock_timestamp();
    SELECT b.at INTO v_last_at FROM public.batches b
    WHERE b.prefix = p_prefix AND b.period = p_period AND b.batch = v_counter.batch;
    SELECT b.at INTO v_latest_at FROM public.batches b ORDER BY b.feed DESC LIMIT 1;
    SELECT s.* INTO v_rules FROM public.sequences s WHERE s.prefix = p_prefix ORDER BY s.version DESC LIMIT 1;
    IF v_rules.version IS DISTINCT FROM p_rules_version THEN
        RAISE EXCEPTION 'the rules of % are no longer at version %', p_prefix, p_rules_version USING ERRCODE = 'OR001';
    END IF;
    v_batch.at := greatest(v_now, v_last_at, v_latest_at, v_rules.created_at);
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
            v_last.event = 'confirm', v_rules.sealed_to, v_rules.release_window_seconds, v_now) END;
        -- A value that is issued again under another date has another number.
        IF v_state IS NULL OR v_refusal IS NOT NULL
            OR v_last.number IS DISTINCT FROM v_request.number
            OR v_request.event = 'expire' AND v_expires_at > v_now
            OR v_request.event = 'confirm' AND v_expires_at <= v_now
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
