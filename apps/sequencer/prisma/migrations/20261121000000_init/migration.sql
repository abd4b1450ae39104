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

    CONSTRAINT "sequences_pkey" PRIMARY KEY ("prefix","version"),
    CONSTRAINT "sequences_version_check" CHECK ("version" >= 1),
    CONSTRAINT "sequences_reset_check" CHECK ("reset" IN ('never', 'yearly', 'fiscal_yearly', 'quarterly', 'monthly', 'daily')),
    CONSTRAINT "sequences_fiscal_year_start_check" CHECK ("fiscal_year_start" BETWEEN 1 AND 12),
    CONSTRAINT "sequences_start_check" CHECK ("start" BETWEEN 1 AND 9007199254740991),
    CONSTRAINT "sequences_gap_policy_check" CHECK ("gap_policy" IN ('recycle', 'strict'))
);

-- One row for each sequence and period: the only row that issuing locks.
CREATE TABLE "counters" (
    "prefix" TEXT COLLATE "C" NOT NULL,
    "period" TEXT COLLATE "C" NOT NULL,
    "first_value" BIGINT NOT NULL,
    "last_value" BIGINT NOT NULL,
    -- The last batch of the chain, and its hash.
    "batch" BIGINT NOT NULL DEFAULT 0,
    "head" BYTEA NOT NULL DEFAULT '\x0000000000000000000000000000000000000000000000000000000000000000',

    CONSTRAINT "counters_pkey" PRIMARY KEY ("prefix","period"),
    CONSTRAINT "counters_last_value_check" CHECK ("last_value" BETWEEN "first_value" - 1 AND 9007199254740991)
);

-- One row for each commit: a link of the counter's hash chain (docs/decisions/0008).
CREATE TABLE "batches" (
    "prefix" TEXT COLLATE "C" NOT NULL,
    "period" TEXT COLLATE "C" NOT NULL,
    "batch" BIGINT NOT NULL,
    "rules_version" INTEGER NOT NULL,
    -- A number of this batch is the head, the value padded with zeros to the width, and the tail.
    "number_head" TEXT NOT NULL,
    "number_width" SMALLINT NOT NULL,
    "number_tail" TEXT NOT NULL,
    "rows" INTEGER NOT NULL,
    "hash" BYTEA NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "batches_pkey" PRIMARY KEY ("prefix","period","batch")
);

-- Everything that ever happened to a value: its n-th event has revision n, so two writers cannot both write it.
CREATE TABLE "ledger" (
    "prefix" TEXT COLLATE "C" NOT NULL,
    "period" TEXT COLLATE "C" NOT NULL,
    "value" BIGINT NOT NULL,
    "revision" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "number" TEXT COLLATE "C" NOT NULL,
    "batch" BIGINT NOT NULL,
    "position" INTEGER NOT NULL,
    "caller" TEXT COLLATE "C" NOT NULL,
    "idempotency_key" TEXT COLLATE "C" NOT NULL,
    "item" INTEGER NOT NULL,
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

-- Values that are, or once were, not in use: few, so that counting them costs little.
CREATE INDEX "ledger_not_issued_idx" ON "ledger"("prefix", "period", "value") WHERE "state" <> 'issued';

-- Issues numbers to requests, in their order, as one link of the counter's chain. The application's role may call
-- this and may not write to the tables: so a value can only be the one that follows, and density is the database's
-- promise, not the application's.
--
-- p_requests  [{caller, key, count, client_id, ...}]: who asks, and for how many
-- p_digests   the SHA-256 of each request, 32 bytes each, in the same order
-- p_header    the SHA-256 of what all numbers of the batch share
-- p_from, p_until  when the numbers take their date from the clock: the day for which they were formatted
-- p_look_up   some keys may have been used before: what they got is given back in "replays", and they get nothing new
--
-- SQLSTATE OR001: the rules have another version by now. OR002: it is another day by now; DETAIL is the time, in
-- microseconds since 1970.
CREATE FUNCTION "issue_numbers"(
    p_prefix text, p_period text, p_rules_version integer, p_start bigint,
    p_number_head text, p_number_width integer, p_number_tail text,
    p_from timestamptz, p_until timestamptz,
    p_requests json, p_digests bytea, p_header bytea, p_look_up boolean
) RETURNS TABLE ("first_value" bigint, "at_us" bigint, "replays" json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
-- The plan of the look-up is made when the ledger is small, and kept: it must use the index all the same.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    v_counter public.counters;
    v_at timestamptz;
    v_count integer;
    v_digests bytea := p_digests;
    v_replayed bigint[] := '{}';
BEGIN
    -- Held until the commit: who holds it sees, in every later statement, all that was committed before, and reads
    -- a later time. (It also makes a transaction of nothing but replays wait for a synchronous standby.)
    LOOP
        SELECT c.* INTO v_counter FROM public.counters c WHERE c.prefix = p_prefix AND c.period = p_period FOR UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO public.counters (prefix, period, first_value, last_value)
        VALUES (p_prefix, p_period, p_start, p_start - 1) ON CONFLICT DO NOTHING;
    END LOOP;
    v_at := clock_timestamp();
    at_us := (extract(epoch FROM v_at) * 1000000)::bigint;

    IF (SELECT max(s.version) FROM public.sequences s WHERE s.prefix = p_prefix) IS DISTINCT FROM p_rules_version THEN
        RAISE EXCEPTION 'the rules of % are no longer at version %', p_prefix, p_rules_version USING ERRCODE = 'OR001';
    END IF;
    IF v_at < p_from OR v_at >= p_until THEN
        RAISE EXCEPTION 'it is not the day from % to %', p_from, p_until USING ERRCODE = 'OR002', DETAIL = at_us::text;
    END IF;

    IF p_look_up THEN
        SELECT json_agg(json_build_object(
                   'request', r.n, 'item', l.item, 'period', l.period, 'value', l.value, 'number', l.number,
                   'state', l.state, 'client_id', l.client_id, 'generated_by', l.generated_by, 'site_id', l.site_id,
                   'partition_id', l.partition_id, 'invoice_type', l.invoice_type,
                   'business_date', l.business_date) ORDER BY r.n, l.item),
               coalesce(array_agg(DISTINCT r.n), '{}')
        INTO replays, v_replayed
        FROM ROWS FROM (json_to_recordset(p_requests) AS (caller text, key text)) WITH ORDINALITY AS r(caller, key, n)
        JOIN public.ledger l ON l.idempotency_key = r.key AND l.caller = r.caller AND l.prefix = p_prefix;
        IF replays IS NOT NULL THEN
            SELECT string_agg(substring(p_digests FROM (32 * n - 31) FOR 32), ''::bytea ORDER BY n) INTO v_digests
            FROM generate_series(1, json_array_length(p_requests)) n WHERE n <> ALL (v_replayed);
        END IF;
    END IF;

    first_value := v_counter.last_value + 1;
    v_counter.batch := v_counter.batch + 1;
    INSERT INTO public.ledger (prefix, period, value, revision, state, number, batch, position, caller, idempotency_key,
                               item, client_id, generated_by, site_id, partition_id, invoice_type, business_date, reason,
                               request_id, at)
    SELECT p_prefix, p_period, first_value + i.position - 1, 1, 'issued',
           p_number_head
               || lpad(v.digits, greatest(p_number_width, length(v.digits)), '0') -- lpad alone would cut a longer value
               || p_number_tail,
           v_counter.batch, i.position, i.caller, i.key, i.item, i.client_id, i.generated_by, i.site_id, i.partition_id,
           i.invoice_type, i.business_date, i.reason, i.request_id, v_at
    FROM (SELECT r.*, item, row_number() OVER (ORDER BY r.n, item)::integer AS position
          FROM ROWS FROM (json_to_recordset(p_requests) AS (
                   caller text, key text, count integer, client_id text, generated_by text, site_id text,
                   partition_id text, invoice_type text, business_date date, reason text, request_id text))
               WITH ORDINALITY AS r(caller, key, count, client_id, generated_by, site_id, partition_id, invoice_type,
                                    business_date, reason, request_id, n),
               generate_series(0, r.count - 1) item
          WHERE r.n <> ALL (v_replayed)) i,
         LATERAL (SELECT (first_value + i.position - 1)::text AS digits) v;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count = 0 THEN
        first_value := NULL;
        RETURN NEXT;
        RETURN;
    END IF;

    -- One run of values, all at their first revision, ends what is hashed (docs/decisions/0008).
    v_counter.head := sha256(v_counter.head || p_header || v_digests
        || int8send(first_value) || int4send(1) || int4send(v_count) || int8send(at_us));

    UPDATE public.counters c
    SET last_value = c.last_value + v_count, batch = v_counter.batch, head = v_counter.head
    WHERE c.prefix = p_prefix AND c.period = p_period;

    INSERT INTO public.batches (prefix, period, batch, rules_version, number_head, number_width, number_tail, rows, hash, at)
    VALUES (p_prefix, p_period, v_counter.batch, p_rules_version, p_number_head, p_number_width, p_number_tail, v_count,
            v_counter.head, v_at);
    RETURN NEXT;
END
$$;
REVOKE EXECUTE ON FUNCTION "issue_numbers" FROM PUBLIC;

-- The sequences that exist from the first start.
INSERT INTO "sequences" ("prefix", "version", "template", "reset", "created_by", "reason") VALUES
    ('ORD', 1, '{prefix}-{YYYY}-{seq:6}', 'yearly', 'ordinal', 'orders'),
    ('INV', 1, '{prefix}{YYYY}-{seq:4}', 'yearly', 'ordinal', 'invoices'),
    ('SG', 1, '{prefix}{seq:6}', 'never', 'ordinal', 'documents numbered without end'),
    ('PO', 1, '{prefix}{YYYY}{MM}-{seq:8}', 'monthly', 'ordinal', 'purchase orders'),
    ('GLOBAL', 1, '{seq}', 'never', 'ordinal', 'one sequence over all sites'),
    ('DEFAULT', 1, '{seq}', 'never', 'ordinal', 'the simplest call');
