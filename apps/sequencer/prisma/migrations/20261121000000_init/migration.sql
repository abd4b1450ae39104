-- Texts that are in an index have the collation "C": the order of the others changes with the operating system's
-- libraries, which breaks such an index, and costs more.

-- The rules of each sequence. A change adds a version; what was issued keeps the version it was issued under.
CREATE TABLE "sequences" (
    "prefix" TEXT COLLATE "C" NOT NULL,
    "version" INTEGER NOT NULL,
    "template" TEXT NOT NULL,
    "reset" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL DEFAULT 'UTC',
    "fiscal_year_start" SMALLINT NOT NULL DEFAULT 1,
    "start" BIGINT NOT NULL DEFAULT 1,
    "gap_policy" TEXT NOT NULL DEFAULT 'recycle',
    "active" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT NOT NULL,
    "reason" TEXT,
    "request_id" TEXT,

    CONSTRAINT "sequences_pkey" PRIMARY KEY ("prefix","version"),
    CONSTRAINT "sequences_version_check" CHECK ("version" >= 1),
    CONSTRAINT "sequences_reset_check" CHECK ("reset" IN ('never', 'yearly', 'fiscal_yearly', 'quarterly', 'monthly', 'daily')),
    CONSTRAINT "sequences_fiscal_year_start_check" CHECK ("fiscal_year_start" BETWEEN 1 AND 12),
    CONSTRAINT "sequences_start_check" CHECK ("start" BETWEEN 1 AND 9007199254740991),
    CONSTRAINT "sequences_gap_policy_check" CHECK ("gap_policy" IN ('recycle', 'strict'))
);

-- The sites that draw numbers, and their partitions. A change adds a version, as with the rules.
CREATE TABLE "sites" (
    "site_id" TEXT COLLATE "C" NOT NULL,
    "version" INTEGER NOT NULL,
    "partitions" TEXT[] NOT NULL,
    -- Whether it may ask what a number would be, without drawing it (the invoice type "simulated").
    "simulation" BOOLEAN NOT NULL DEFAULT true,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT NOT NULL,
    "reason" TEXT,
    "request_id" TEXT,

    CONSTRAINT "sites_pkey" PRIMARY KEY ("site_id","version"),
    CONSTRAINT "sites_version_check" CHECK ("version" >= 1),
    CONSTRAINT "sites_partitions_check" CHECK (cardinality("partitions") BETWEEN 1 AND 100)
);

-- One row for each sequence and period: the only row that issuing locks.
CREATE TABLE "counters" (
    "prefix" TEXT COLLATE "C" NOT NULL,
    "period" TEXT COLLATE "C" NOT NULL,
    "first_value" BIGINT NOT NULL,
    "last_value" BIGINT NOT NULL,
    -- How many of the values up to the last one are not in use.
    "reserved" BIGINT NOT NULL DEFAULT 0,
    "free" BIGINT NOT NULL DEFAULT 0,
    "void" BIGINT NOT NULL DEFAULT 0,
    -- The last batch of the chain, its hash, and its place in the feed.
    "batch" BIGINT NOT NULL DEFAULT 0,
    "head" BYTEA NOT NULL DEFAULT '\x0000000000000000000000000000000000000000000000000000000000000000',
    "feed" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "counters_pkey" PRIMARY KEY ("prefix","period"),
    CONSTRAINT "counters_last_value_check" CHECK ("last_value" BETWEEN "first_value" - 1 AND 9007199254740991)
);

-- One row for each commit: a link of the counter's hash chain (docs/decisions/0008).
CREATE TABLE "batches" (
    "prefix" TEXT COLLATE "C" NOT NULL,
    "period" TEXT COLLATE "C" NOT NULL,
    "batch" BIGINT NOT NULL,
    "rules_version" INTEGER NOT NULL,
    "gap_policy" TEXT NOT NULL,
    -- A number of this batch is the head, the value padded with zeros to the width, and the tail. Null in a batch of
    -- later steps: there a number stays what it was.
    "number_head" TEXT,
    "number_width" SMALLINT,
    "number_tail" TEXT,
    "rows" INTEGER NOT NULL,
    "hash" BYTEA NOT NULL,
    -- The place of the batch among those of all counters: never lower than the id of its transaction, nor than its
    -- predecessor's. What is below pg_snapshot_xmin(pg_current_snapshot()) is complete (docs/decisions/0022).
    "feed" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "batches_pkey" PRIMARY KEY ("prefix","period","batch")
);

CREATE UNIQUE INDEX "batches_feed_key" ON "batches"("feed", "prefix", "period", "batch");

-- Everything that ever happened to a value: its n-th event has revision n, so two writers cannot both write it.
CREATE TABLE "ledger" (
    "prefix" TEXT COLLATE "C" NOT NULL,
    "period" TEXT COLLATE "C" NOT NULL,
    "value" BIGINT NOT NULL,
    "revision" INTEGER NOT NULL,
    "event" TEXT NOT NULL,
    -- After the event.
    "state" TEXT NOT NULL,
    "number" TEXT COLLATE "C" NOT NULL,
    "batch" BIGINT NOT NULL,
    "position" INTEGER NOT NULL,
    "caller" TEXT COLLATE "C" NOT NULL,
    "idempotency_key" TEXT COLLATE "C" NOT NULL,
    "item" INTEGER NOT NULL,
    "hold_seconds" INTEGER,
    "client_id" TEXT,
    "generated_by" TEXT,
    "site_id" TEXT,
    "partition_id" TEXT,
    "invoice_type" TEXT,
    -- As the caller gave it; null when the date was that of "at".
    "business_date" DATE,
    "reason" TEXT,
    "request_id" TEXT,
    "at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "ledger_pkey" PRIMARY KEY ("prefix","period","value","revision"),
    CONSTRAINT "ledger_event_check" CHECK ("event" IN ('issue', 'reserve', 'suppress', 'confirm', 'release', 'expire', 'void', 'import', 'skip')),
    CONSTRAINT "ledger_hold_seconds_check" CHECK (("event" = 'reserve') = ("hold_seconds" IS NOT NULL)),
    CONSTRAINT "ledger_state_check" CHECK ("state" IN ('reserved', 'issued', 'free', 'void'))
);

CREATE UNIQUE INDEX "ledger_idempotency_key_key" ON "ledger"("idempotency_key", "caller", "prefix", "item");

CREATE UNIQUE INDEX "ledger_number_key" ON "ledger"("number", "prefix", "revision");

-- The order of the chain, by which the ledger is followed and verified.
CREATE UNIQUE INDEX "ledger_chain_key" ON "ledger"("prefix", "period", "batch", "position");

-- What is written is never changed, whoever asks.
CREATE FUNCTION "refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER "ledger_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "ledger" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
ALTER TABLE "ledger" ENABLE ALWAYS TRIGGER "ledger_append_only";

CREATE TRIGGER "batches_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "batches" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
ALTER TABLE "batches" ENABLE ALWAYS TRIGGER "batches_append_only";

CREATE TRIGGER "sequences_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "sequences" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
ALTER TABLE "sequences" ENABLE ALWAYS TRIGGER "sequences_append_only";

CREATE TRIGGER "sites_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "sites" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
ALTER TABLE "sites" ENABLE ALWAYS TRIGGER "sites_append_only";

-- A void value stays void, so each is here once.
CREATE INDEX "ledger_void_idx" ON "ledger"("prefix", "period", "value") WHERE "state" = 'void';

-- Values under a lease. Follows from the ledger, as the next two do: small, for what must be found fast.
CREATE TABLE "leases" (
    "prefix" TEXT COLLATE "C" NOT NULL,
    "period" TEXT COLLATE "C" NOT NULL,
    "value" BIGINT NOT NULL,
    "number" TEXT COLLATE "C" NOT NULL,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "leases_pkey" PRIMARY KEY ("prefix","period","value")
);

CREATE INDEX "leases_expires_at_idx" ON "leases"("expires_at");

-- Values that were released, to be issued again; "revision" is that of their last event.
CREATE TABLE "free_values" (
    "prefix" TEXT COLLATE "C" NOT NULL,
    "period" TEXT COLLATE "C" NOT NULL,
    "value" BIGINT NOT NULL,
    "revision" INTEGER NOT NULL,

    CONSTRAINT "free_values_pkey" PRIMARY KEY ("prefix","period","value")
);

-- What the sites have drawn.
CREATE TABLE "site_usage" (
    "prefix" TEXT COLLATE "C" NOT NULL,
    "site_id" TEXT COLLATE "C" NOT NULL,
    "partition_id" TEXT COLLATE "C" NOT NULL,
    "invoice_type" TEXT COLLATE "C" NOT NULL,
    "issued" BIGINT NOT NULL,
    "released" BIGINT NOT NULL,
    "last_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "site_usage_pkey" PRIMARY KEY ("prefix","site_id","partition_id","invoice_type")
);

-- What an event makes of a value that is in a state, or unused (null); null if it is not allowed. The same as
-- nextState of core/states.ts.
CREATE FUNCTION "next_state"(p_event text, p_state text, p_gap_policy text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN p_event = 'issue' AND coalesce(p_state, 'free') = 'free' THEN 'issued'
        WHEN p_event = 'reserve' AND coalesce(p_state, 'free') = 'free' THEN 'reserved'
        WHEN p_event = 'confirm' AND p_state = 'reserved' THEN 'issued'
        WHEN p_event = 'suppress' AND coalesce(p_state, 'free') = 'free'
            OR p_event = 'release' AND p_state IN ('issued', 'reserved')
            OR p_event = 'expire' AND p_state = 'reserved'
            THEN CASE p_gap_policy WHEN 'recycle' THEN 'free' ELSE 'void' END
        WHEN p_event = 'void' AND p_state = 'issued' THEN 'void'
        WHEN p_event = 'import' AND p_state IS NULL THEN 'issued'
        WHEN p_event = 'skip' AND p_state IS NULL THEN 'void'
    END
$$;

-- A request as the functions below take it: who asks, for what, and for how many. An array of these is read in two
-- thirds of the time that JSON takes (docs/decisions/0007).
CREATE TYPE "ledger_request" AS (
    "event" text, "caller" text, "key" text, "count" integer,
    -- Of a number that is changed.
    "value" bigint, "number" text,
    "hold_seconds" integer, "client_id" text, "generated_by" text, "site_id" text, "partition_id" text,
    "invoice_type" text, "business_date" date, "reason" text, "request_id" text
);

-- What the keys of some requests got before, if anything: one object for each number, in the order of the requests.
CREATE FUNCTION "replays_of"(p_prefix text, p_requests public.ledger_request[]) RETURNS json
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp
-- The plan is made once, whatever the number of requests, when the ledger is small: it must use the index of the keys
-- all the same. So that it can use no other, the prefix is compared as an expression.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    RETURN (
    SELECT json_agg(json_build_object(
               'request', r.ordinality, 'item', l.item, 'event', l.event, 'state', l.state, 'period', l.period, 'value', l.value,
               'number', l.number, 'hold_seconds', l.hold_seconds, 'client_id', l.client_id,
               'generated_by', l.generated_by, 'site_id', l.site_id, 'partition_id', l.partition_id,
               'invoice_type', l.invoice_type, 'business_date', l.business_date, 'reason', l.reason)
               ORDER BY r.ordinality, l.item)
    FROM unnest(p_requests) WITH ORDINALITY AS r
    JOIN public.ledger l ON l.idempotency_key = r.key AND l.caller = r.caller AND l.prefix || '' = p_prefix);
END
$$;

-- Gives new numbers to requests, in their order, as one link of the counter's chain. The application's role may call
-- this and may not write to the tables: so a value can only be the one that follows, or one that is free, and density
-- is the database's promise, not the application's.
--
-- p_requests  the event is issue, reserve, suppress, import or skip
-- p_digests   the SHA-256 of each request, 32 bytes each, in the same order
-- p_header    the SHA-256 of what all numbers of the batch share
-- p_from, p_until  when the numbers take their date from the clock: the day for which they were formatted
-- p_look_up   some keys may have been used before: what they got is given back in "replays", and they get nothing new
-- p_expected  what the first new value has to be; null if that does not matter
-- p_plain     each request is to issue one number, for no site: nothing else is looked for
--
-- Requests for one number take the values in "recycled", in their order, while there are any; all others follow each
-- other from "first_value", which is null if there are none: behind the last value there is no next one.
--
-- SQLSTATE OR001: the rules have another version by now. OR002: it is another day by now; DETAIL is the time, in
-- microseconds since 1970. OR007: the first new value is another; DETAIL is that.
CREATE FUNCTION "issue_numbers"(
    p_prefix text, p_period text, p_rules_version integer, p_start bigint,
    p_number_head text, p_number_width integer, p_number_tail text,
    p_from timestamptz, p_until timestamptz,
    p_requests public.ledger_request[], p_digests bytea, p_header bytea, p_look_up boolean, p_expected bigint,
    p_plain boolean
) RETURNS TABLE ("first_value" bigint, "recycled" bigint[], "replays" json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    v_counter public.counters;
    v_rules public.sequences;
    v_at timestamptz;
    v_at_us bigint;
    v_digests bytea := p_digests;
    v_replayed bigint[] := '{}';
    v_revisions integer[];
    v_taken integer;
    v_count integer;
    v_fresh integer;
    v_reserved integer := 0;
    v_free integer := 0;
    v_void integer := 0;
    v_of_sites integer := 0;
    v_runs bytea := '';
BEGIN
    -- Held until the commit: who holds it sees, in every later statement, all that was committed before, and reads
    -- a later time. (It also makes a transaction of nothing but replays wait for a synchronous standby.)
    LOOP
        SELECT c.* INTO v_counter FROM public.counters c WHERE c.prefix = p_prefix AND c.period = p_period FOR UPDATE;
        EXIT WHEN FOUND;
        -- A change of the rules holds the counters that there are, and could not hold this one: it waits, or is waited for.
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('rules of ' || p_prefix, 0));
        INSERT INTO public.counters (prefix, period, first_value, last_value)
        VALUES (p_prefix, p_period, p_start, p_start - 1) ON CONFLICT DO NOTHING;
    END LOOP;
    v_at := clock_timestamp();
    v_at_us := (extract(epoch FROM v_at) * 1000000)::bigint;

    SELECT s.* INTO v_rules FROM public.sequences s WHERE s.prefix = p_prefix ORDER BY s.version DESC LIMIT 1;
    IF v_rules.version IS DISTINCT FROM p_rules_version THEN
        RAISE EXCEPTION 'the rules of % are no longer at version %', p_prefix, p_rules_version USING ERRCODE = 'OR001';
    END IF;
    IF v_at < p_from OR v_at >= p_until THEN
        RAISE EXCEPTION 'it is not the day from % to %', p_from, p_until USING ERRCODE = 'OR002', DETAIL = v_at_us::text;
    END IF;

    IF p_look_up THEN
        replays := public.replays_of(p_prefix, p_requests);
        IF replays IS NOT NULL THEN
            SELECT array_agg(DISTINCT (r ->> 'request')::bigint) INTO v_replayed FROM json_array_elements(replays) r;
            SELECT string_agg(substring(p_digests FROM (32 * n - 31) FOR 32), ''::bytea ORDER BY n) INTO v_digests
            FROM generate_series(1, cardinality(p_requests)) n WHERE n <> ALL (v_replayed);
        END IF;
    END IF;

    first_value := v_counter.last_value + 1;
    IF p_expected <> first_value THEN
        RAISE EXCEPTION 'the next value of % is %', p_prefix, first_value USING ERRCODE = 'OR007', DETAIL = first_value::text;
    END IF;
    recycled := '{}';
    IF v_counter.free > 0 AND v_rules.gap_policy = 'recycle' THEN
        WITH taken AS (
            DELETE FROM public.free_values f
            WHERE f.prefix = p_prefix AND f.period = p_period AND f.value IN (
                SELECT lowest.value FROM public.free_values lowest
                WHERE lowest.prefix = p_prefix AND lowest.period = p_period ORDER BY lowest.value
                LIMIT (SELECT count(*) FROM unnest(p_requests) WITH ORDINALITY AS r
                       WHERE r.count = 1 AND r.event IN ('issue', 'reserve', 'suppress')
                         AND r.ordinality <> ALL (v_replayed)))
            RETURNING f.value, f.revision
        )
        SELECT coalesce(array_agg(t.value ORDER BY t.value), '{}'), coalesce(array_agg(t.revision ORDER BY t.value), '{}')
        INTO recycled, v_revisions FROM taken t;
    END IF;
    v_taken := cardinality(recycled);

    v_counter.batch := v_counter.batch + 1;
    IF p_plain AND v_taken = 0 AND v_replayed = '{}' THEN
        -- What is nearly always asked, without the work that only the rest needs.
        INSERT INTO public.ledger (prefix, period, value, revision, event, state, number, batch, position, caller,
                                   idempotency_key, item, client_id, generated_by, business_date, reason, request_id, at)
        SELECT p_prefix, p_period, v.value, 1, 'issue', 'issued',
               p_number_head || lpad(v.value::text, greatest(p_number_width, length(v.value::text)), '0') || p_number_tail,
               v_counter.batch, r.ordinality, r.caller, r.key, 0, r.client_id, r.generated_by, r.business_date, r.reason,
               r.request_id, v_at
        FROM unnest(p_requests) WITH ORDINALITY AS r,
             LATERAL (SELECT first_value + r.ordinality - 1 AS value) v;
    ELSE
        INSERT INTO public.ledger (prefix, period, value, revision, event, state, number, batch, position, caller,
                                   idempotency_key, item, hold_seconds, client_id, generated_by, site_id, partition_id,
                                   invoice_type, business_date, reason, request_id, at)
        SELECT p_prefix, p_period, v.value, v.revision, i.event,
               public.next_state(i.event, CASE WHEN v.revision > 1 THEN 'free' END, v_rules.gap_policy),
               p_number_head
                   || lpad(v.value::text, greatest(p_number_width, length(v.value::text)), '0') -- lpad alone would cut
                   || p_number_tail,
               v_counter.batch, i.position, i.caller, i.key, i.item, i.hold_seconds, i.client_id, i.generated_by,
               i.site_id, i.partition_id, i.invoice_type, i.business_date, i.reason, i.request_id, v_at
        FROM (SELECT r.*, item, row_number() OVER nth AS position,
                     r.count = 1 AND r.event IN ('issue', 'reserve', 'suppress') AS single,
                     count(*) FILTER (WHERE r.count = 1 AND r.event IN ('issue', 'reserve', 'suppress')) OVER nth AS singles
              FROM unnest(p_requests) WITH ORDINALITY AS r, generate_series(0, r.count - 1) item
              WHERE r.ordinality <> ALL (v_replayed)
              WINDOW nth AS (ORDER BY r.ordinality, item)) i,
             LATERAL (SELECT CASE WHEN i.single AND i.singles <= v_taken THEN recycled[i.singles]
                                  ELSE first_value + i.position - 1 - least(i.singles, v_taken) END AS value,
                             CASE WHEN i.single AND i.singles <= v_taken THEN v_revisions[i.singles] + 1
                                  ELSE 1 END AS revision) v;
    END IF;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count = 0 THEN
        -- Nothing but replays: a period that has not begun still has to begin at the start value of its day.
        DELETE FROM public.counters c WHERE c.prefix = p_prefix AND c.period = p_period AND c.batch = 0;
        first_value := NULL;
        RETURN NEXT;
        RETURN;
    END IF;

    v_fresh := v_count - v_taken;
    IF NOT p_plain THEN
        SELECT count(*) FILTER (WHERE l.state = 'reserved'), count(*) FILTER (WHERE l.state = 'free'),
               count(*) FILTER (WHERE l.state = 'void'), count(l.site_id)
        INTO v_reserved, v_free, v_void, v_of_sites FROM public.ledger l
        WHERE l.prefix = p_prefix AND l.period = p_period AND l.batch = v_counter.batch;
    END IF;

    -- What was recycled, value by value, then the one run of new values, ends what is hashed (docs/decisions/0008).
    IF v_taken > 0 THEN
        SELECT string_agg(int8send(t.value) || int4send(t.revision + 1) || int4send(1), ''::bytea ORDER BY t.value)
        INTO v_runs FROM unnest(recycled, v_revisions) t(value, revision);
    END IF;
    IF v_fresh > 0 THEN
        v_runs := v_runs || int8send(first_value) || int4send(1) || int4send(v_fresh);
    END IF;
    v_counter.head := sha256(v_counter.head || p_header || v_digests || v_runs || int8send(v_at_us));
    v_counter.feed := greatest(v_counter.feed, pg_current_xact_id()::text::bigint);

    UPDATE public.counters c
    SET last_value = c.last_value + v_fresh, reserved = c.reserved + v_reserved, free = c.free - v_taken + v_free,
        void = c.void + v_void, batch = v_counter.batch, head = v_counter.head, feed = v_counter.feed
    WHERE c.prefix = p_prefix AND c.period = p_period;

    INSERT INTO public.batches (prefix, period, batch, rules_version, gap_policy, number_head, number_width, number_tail,
                                rows, hash, feed, at)
    VALUES (p_prefix, p_period, v_counter.batch, p_rules_version, v_rules.gap_policy, p_number_head, p_number_width,
            p_number_tail, v_count, v_counter.head, v_counter.feed, v_at);

    IF v_reserved > 0 THEN
        INSERT INTO public.leases (prefix, period, value, number, expires_at)
        SELECT l.prefix, l.period, l.value, l.number, l.at + l.hold_seconds * interval '1 second'
        FROM public.ledger l
        WHERE l.prefix = p_prefix AND l.period = p_period AND l.batch = v_counter.batch AND l.state = 'reserved';
    END IF;
    IF v_free > 0 THEN
        INSERT INTO public.free_values (prefix, period, value, revision)
        SELECT l.prefix, l.period, l.value, l.revision
        FROM public.ledger l
        WHERE l.prefix = p_prefix AND l.period = p_period AND l.batch = v_counter.batch AND l.state = 'free';
    END IF;
    IF v_of_sites > 0 THEN
        INSERT INTO public.site_usage AS u (prefix, site_id, partition_id, invoice_type, issued, released, last_at)
        SELECT l.prefix, l.site_id, coalesce(l.partition_id, ''), coalesce(l.invoice_type, ''), count(*),
               count(*) FILTER (WHERE l.event = 'suppress'), v_at
        FROM public.ledger l
        WHERE l.prefix = p_prefix AND l.period = p_period AND l.batch = v_counter.batch AND l.site_id IS NOT NULL
        GROUP BY 1, 2, 3, 4
        ORDER BY 1, 2, 3, 4
        ON CONFLICT (prefix, site_id, partition_id, invoice_type) DO UPDATE
        SET issued = u.issued + EXCLUDED.issued, released = u.released + EXCLUDED.released, last_at = EXCLUDED.last_at;
    END IF;
    IF v_fresh = 0 THEN
        first_value := NULL;
    END IF;
    RETURN NEXT;
END
$$;
REVOKE EXECUTE ON FUNCTION "issue_numbers" FROM PUBLIC;

-- Takes numbers on to their next state, in the order of the requests, as one link of the counter's chain. What is not
-- allowed changes nothing, and does not stop the others.
--
-- p_requests  the event is confirm, release, expire or void. One that names a site is for a number which that site and
--             partition has drawn.
-- p_digests, p_header, p_look_up  as above
-- "outcomes"  [{request, done, state, value, number, expires_at, site_id, partition_id}] of each request that was not
--             made before: the state that it made, or that forbade it, and who has drawn the number
--
-- SQLSTATE OR001 as above.
CREATE FUNCTION "change_numbers"(
    p_prefix text, p_period text, p_rules_version integer,
    p_requests public.ledger_request[], p_digests bytea, p_header bytea, p_look_up boolean
) RETURNS TABLE ("outcomes" json, "replays" json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    v_counter public.counters;
    v_rules public.sequences;
    v_at timestamptz;
    v_digests bytea := '';
    v_runs bytea := '';
    v_replayed bigint[] := '{}';
    v_outcomes json[] := '{}';
    v_count integer := 0;
    v_request record;
    v_last public.ledger;
    v_holder public.ledger;
    v_expires_at timestamptz;
    v_state text;
BEGIN
    SELECT c.* INTO v_counter FROM public.counters c WHERE c.prefix = p_prefix AND c.period = p_period FOR UPDATE;
    v_at := clock_timestamp();
    SELECT s.* INTO v_rules FROM public.sequences s WHERE s.prefix = p_prefix ORDER BY s.version DESC LIMIT 1;
    IF v_rules.version IS DISTINCT FROM p_rules_version THEN
        RAISE EXCEPTION 'the rules of % are no longer at version %', p_prefix, p_rules_version USING ERRCODE = 'OR001';
    END IF;
    IF p_look_up THEN
        replays := public.replays_of(p_prefix, p_requests);
        IF replays IS NOT NULL THEN
            SELECT array_agg(DISTINCT (r ->> 'request')::bigint) INTO v_replayed FROM json_array_elements(replays) r;
        END IF;
    END IF;

    FOR v_request IN
        SELECT r.* FROM unnest(p_requests) WITH ORDINALITY AS r
        WHERE r.ordinality <> ALL (v_replayed)
        ORDER BY r.ordinality
    LOOP
        SELECT l.* INTO v_last FROM public.ledger l
        WHERE l.prefix = p_prefix AND l.period = p_period AND l.value = v_request.value ORDER BY l.revision DESC LIMIT 1;
        SELECT e.expires_at INTO v_expires_at FROM public.leases e
        WHERE e.prefix = p_prefix AND e.period = p_period AND e.value = v_request.value;
        v_holder := NULL;
        IF v_request.site_id IS NOT NULL OR v_request.event IN ('release', 'expire') THEN
            SELECT l.* INTO v_holder FROM public.ledger l
            WHERE l.prefix = p_prefix AND l.period = p_period AND l.value = v_request.value
              AND l.event IN ('issue', 'reserve', 'suppress', 'import')
            ORDER BY l.revision DESC LIMIT 1;
        END IF;
        v_state := public.next_state(v_request.event, v_last.state, v_rules.gap_policy);
        -- A value that is issued again under another date has another number.
        IF v_state IS NULL OR v_request.event NOT IN ('confirm', 'release', 'expire', 'void')
            OR v_last.number IS DISTINCT FROM v_request.number
            OR v_request.event = 'expire' AND v_expires_at > v_at
            OR v_request.event = 'confirm' AND v_expires_at <= v_at
            OR v_request.site_id IS NOT NULL
               AND (v_holder.site_id, v_holder.partition_id) IS DISTINCT FROM (v_request.site_id, v_request.partition_id) THEN
            v_outcomes := v_outcomes || json_build_object('request', v_request.ordinality, 'done', false, 'state', v_last.state,
                'value', v_last.value, 'number', v_last.number, 'expires_at', v_expires_at,
                'site_id', v_holder.site_id, 'partition_id', v_holder.partition_id);
            CONTINUE;
        END IF;

        v_count := v_count + 1;
        INSERT INTO public.ledger (prefix, period, value, revision, event, state, number, batch, position, caller,
                                   idempotency_key, item, client_id, generated_by, site_id, partition_id, reason,
                                   request_id, at)
        VALUES (p_prefix, p_period, v_last.value, v_last.revision + 1, v_request.event, v_state, v_last.number,
                v_counter.batch + 1, v_count, v_request.caller, v_request.key, 0, v_request.client_id,
                v_request.generated_by, v_request.site_id, v_request.partition_id, v_request.reason,
                v_request.request_id, v_at);
        v_digests := v_digests || substring(p_digests FROM (32 * v_request.ordinality - 31)::integer FOR 32);
        v_runs := v_runs || int8send(v_last.value) || int4send(v_last.revision + 1) || int4send(1);
        v_outcomes := v_outcomes || json_build_object('request', v_request.ordinality, 'done', true, 'state', v_state,
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
        v_counter.batch := v_counter.batch + 1;
        v_counter.head := sha256(v_counter.head || p_header || v_digests || v_runs
            || int8send((extract(epoch FROM v_at) * 1000000)::bigint));
        v_counter.feed := greatest(v_counter.feed, pg_current_xact_id()::text::bigint);
        UPDATE public.counters c
        SET reserved = v_counter.reserved, free = v_counter.free, void = v_counter.void, batch = v_counter.batch,
            head = v_counter.head, feed = v_counter.feed
        WHERE c.prefix = p_prefix AND c.period = p_period;
        INSERT INTO public.batches (prefix, period, batch, rules_version, gap_policy, rows, hash, feed, at)
        VALUES (p_prefix, p_period, v_counter.batch, p_rules_version, v_rules.gap_policy, v_count, v_counter.head,
                v_counter.feed, v_at);
    END IF;
    RETURN NEXT;
END
$$;
REVOKE EXECUTE ON FUNCTION "change_numbers" FROM PUBLIC;

-- Changes of the rules. Nothing is ever updated: a change is a row more.

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
-- commits, no counter of the sequence moves, and none begins: what is issued afterwards is issued by the new rules, and
-- a number that they could repeat is found.
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
                                  active, created_at, created_by, reason, request_id)
    VALUES (p_prefix, p_version, p_template, p_reset, p_time_zone, p_fiscal_year_start, p_start, p_gap_policy,
            p_active, clock_timestamp(), p_created_by, p_reason, p_request_id)
    RETURNING created_at INTO v_created_at;
    RETURN v_created_at;
END
$$;
REVOKE EXECUTE ON FUNCTION "add_rules" FROM PUBLIC;

-- Changes of the sites.

CREATE FUNCTION "require_next_site_version"() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_last integer;
BEGIN
    SELECT coalesce(max(s.version), 0) INTO v_last FROM public.sites s WHERE s.site_id = NEW.site_id;
    IF NEW.version IS DISTINCT FROM v_last + 1 THEN
        RAISE EXCEPTION 'the site % is at version %, so % does not follow', NEW.site_id, v_last, NEW.version
            USING ERRCODE = 'OR003';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "sites_next_version" BEFORE INSERT ON "sites" FOR EACH ROW EXECUTE FUNCTION "require_next_site_version"();
ALTER TABLE "sites" ENABLE ALWAYS TRIGGER "sites_next_version";

-- Adds a version of a site. The application's role may call this and may not write to the table.
--
-- SQLSTATE OR003: the site is at another version.
CREATE FUNCTION "add_site"(
    p_site_id text, p_version integer, p_partitions text[], p_simulation boolean, p_active boolean, p_created_by text,
    p_reason text, p_request_id text
) RETURNS timestamptz
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO public.sites (site_id, version, partitions, simulation, active, created_at, created_by, reason, request_id)
    VALUES (p_site_id, p_version, p_partitions, p_simulation, p_active, clock_timestamp(), p_created_by, p_reason, p_request_id)
    RETURNING created_at
$$;
REVOKE EXECUTE ON FUNCTION "add_site" FROM PUBLIC;

-- The sequences that exist from the first start.
INSERT INTO "sequences" ("prefix", "version", "template", "reset", "created_by", "reason") VALUES
    ('ORD', 1, '{prefix}-{YYYY}-{seq:6}', 'yearly', 'ordinal', 'orders'),
    ('INV', 1, '{prefix}{YYYY}-{seq:4}', 'yearly', 'ordinal', 'invoices'),
    ('SG', 1, '{prefix}{seq:6}', 'never', 'ordinal', 'documents numbered without end'),
    ('PO', 1, '{prefix}{YYYY}{MM}-{seq:8}', 'monthly', 'ordinal', 'purchase orders'),
    ('GLOBAL', 1, '{seq}', 'never', 'ordinal', 'one sequence over all sites'),
    ('DEFAULT', 1, '{seq}', 'never', 'ordinal', 'the simplest call'),
    ('DEMO', 1, '{prefix}-{YYYY}{MM}{DD}-{seq:6}', 'daily', 'ordinal', 'demonstrations');

-- The sites that exist from the first start.
INSERT INTO "sites" ("site_id", "version", "partitions", "created_by", "reason") VALUES
    ('site-1', 1, '{partition-a,partition-b}', 'ordinal', 'the first start'),
    ('site-2', 1, '{partition-a,partition-b}', 'ordinal', 'the first start');
