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

-- Where the numbers of a date belong, and what they look like.
CREATE TYPE "slot" AS ("period" text, "number_head" text, "number_width" integer, "number_tail" text);

-- The period to which a date belongs. The same as periodOf of core/period.ts.
CREATE FUNCTION "period_of"(p_reset text, p_fiscal_year_start integer, p_date date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE p_reset
        WHEN 'never' THEN ''
        WHEN 'yearly' THEN to_char(p_date::timestamp, 'YYYY')
        WHEN 'fiscal_yearly' THEN 'FY' || lpad((extract(year FROM p_date) + CASE
            WHEN p_fiscal_year_start > 1 AND extract(month FROM p_date) >= p_fiscal_year_start THEN 1 ELSE 0 END)::text, 4, '0')
        WHEN 'quarterly' THEN to_char(p_date::timestamp, 'YYYY-"Q"Q')
        WHEN 'monthly' THEN to_char(p_date::timestamp, 'YYYY-MM')
        WHEN 'daily' THEN to_char(p_date::timestamp, 'YYYY-MM-DD')
    END
$$;

-- The slot of a date under some rules. The same as slotOfDate of core/sequence.ts: a differential test compares them.
--
-- SQLSTATE OR020: the template cannot show the year.
CREATE FUNCTION "slot_of"(p_rules public.sequences, p_date date) RETURNS public.slot
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    v_slot public.slot;
    v_text text;
    v_year integer := CASE WHEN isfinite(p_date) THEN extract(year FROM p_date) ELSE 0 END;
    v_fiscal_year integer := v_year + CASE
        WHEN p_rules.fiscal_year_start > 1 AND extract(month FROM p_date) >= p_rules.fiscal_year_start THEN 1 ELSE 0 END;
    v_seq text;
    v_at integer;
BEGIN
    -- Behind this, every brace that is left begins or ends a token.
    v_text := replace(p_rules.template, '{{', chr(1));
    IF v_year < 1 OR v_fiscal_year > 9999 OR v_text LIKE '%{YY}%' AND v_year NOT BETWEEN 2000 AND 2099 THEN
        RAISE EXCEPTION 'the template % cannot show the date %', p_rules.template, p_date USING ERRCODE = 'OR020';
    END IF;
    IF v_text LIKE '%{YYYY}%' THEN v_text := replace(v_text, '{YYYY}', to_char(v_year, 'FM0000')); END IF;
    IF v_text LIKE '%{YY}%' THEN v_text := replace(v_text, '{YY}', to_char(v_year % 100, 'FM00')); END IF;
    IF v_text LIKE '%{MM}%' THEN v_text := replace(v_text, '{MM}', to_char(p_date::timestamp, 'MM')); END IF;
    IF v_text LIKE '%{DD}%' THEN v_text := replace(v_text, '{DD}', to_char(p_date::timestamp, 'DD')); END IF;
    IF v_text LIKE '%{Q}%' THEN v_text := replace(v_text, '{Q}', to_char(p_date::timestamp, 'Q')); END IF;
    IF v_text LIKE '%{FY}%' THEN v_text := replace(v_text, '{FY}', to_char(v_fiscal_year, 'FM0000')); END IF;
    v_seq := substring(v_text FROM '\{seq[^}]*\}');
    v_at := strpos(v_text, v_seq);
    v_slot.number_width := coalesce(substring(v_seq FROM ':([0-9]+)'), '1');
    -- The prefix last: it may have braces of its own.
    v_slot.number_head := replace(replace(replace(left(v_text, v_at - 1), '{prefix}', chr(2)), '}}', '}'), chr(1), '{');
    v_slot.number_tail := replace(replace(replace(substr(v_text, v_at + length(v_seq)), '{prefix}', chr(2)), '}}', '}'), chr(1), '{');
    v_slot.number_head := replace(v_slot.number_head, chr(2), p_rules.prefix);
    v_slot.number_tail := replace(v_slot.number_tail, chr(2), p_rules.prefix);
    v_slot.period := public.period_of(p_rules.reset, p_rules.fiscal_year_start, p_date);
    RETURN v_slot;
END
$$;

-- A day in a time zone of the IANA database. An abbreviation that is also the name of a zone means the zone.
CREATE FUNCTION "day_in"(p_time_zone text, p_at timestamptz) RETURNS date
LANGUAGE plpgsql STABLE SET timezone = 'UTC' AS $$
BEGIN
    PERFORM set_config('timezone', p_time_zone, true);
    RETURN p_at::date;
END
$$;

-- Whoever adds rules, the owner by hand included: only those that give each number once. The same as soundRules of
-- core/rules.ts; the differential test compares them, too.
--
-- SQLSTATE OR021: the rules are not sound; the message says why.
CREATE FUNCTION "require_sound_rules"() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp SET standard_conforming_strings = on AS $$
DECLARE
    v_tokens text[];
    v_fault text;
BEGIN
    SELECT array_agg(m.piece[1]) INTO v_tokens
    FROM regexp_matches(NEW.template, '\{\{|\}\}|\{[^{}]*\}|[^{}]+|[{}]', 'g') m(piece)
    WHERE m.piece[1] ~ '[{}]' AND m.piece[1] NOT IN ('{{', '}}');
    v_fault := CASE
        WHEN NEW.prefix !~ '^[A-Za-z0-9._-]{1,32}$' THEN 'the name is not 1 to 32 letters, digits, dots, underscores or dashes'
        WHEN NEW.template ~ '[\u0001-\u001f\u007f-\u009f]' THEN 'the template has control characters'
        WHEN EXISTS (SELECT FROM unnest(v_tokens) t WHERE t !~ '^\{(prefix|YYYY|YY|MM|DD|Q|FY|seq(:0*([1-9]|1[0-6]))?)\}$')
            THEN 'the template has braces that are no token'
        WHEN (SELECT count(*) FROM unnest(v_tokens) t WHERE t ~ '^\{seq') <> 1 THEN 'the template has not one {seq}'
        WHEN NOT CASE NEW.reset
            WHEN 'never' THEN true
            WHEN 'yearly' THEN v_tokens && '{"{YYYY}","{YY}"}'
            WHEN 'fiscal_yearly' THEN v_tokens && '{"{FY}"}'
            WHEN 'quarterly' THEN v_tokens && '{"{YYYY}","{YY}"}' AND v_tokens && '{"{Q}","{MM}"}'
            WHEN 'monthly' THEN v_tokens && '{"{YYYY}","{YY}"}' AND v_tokens && '{"{MM}"}'
            WHEN 'daily' THEN v_tokens && '{"{YYYY}","{YY}"}' AND v_tokens && '{"{MM}"}' AND v_tokens && '{"{DD}"}'
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

CREATE TRIGGER "sequences_sound" BEFORE INSERT ON "sequences" FOR EACH ROW EXECUTE FUNCTION "require_sound_rules"();
ALTER TABLE "sequences" ENABLE ALWAYS TRIGGER "sequences_sound";

-- The template with its prefix in it and without the width of its value: templates of one shape give the same text to
-- the same value of the same period.
CREATE FUNCTION "shape_of"(p_prefix text, p_template text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET standard_conforming_strings = on AS $$
    SELECT replace(regexp_replace(replace(p_template, '{{', chr(1)), '[{]seq[^}]*[}]', '{seq}'), '{prefix}', p_prefix)
$$;

-- A regular expression that fits every number of a template.
CREATE FUNCTION "pattern_of"(p_prefix text, p_template text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET standard_conforming_strings = on AS $$
DECLARE
    v_width CONSTANT text := coalesce(substring(replace(p_template, '{{', '') FROM '[{]seq:([0-9]+)[}]'), '1');
    v_text text := regexp_replace(public.shape_of(p_prefix, p_template), '[].*+?^$()|\\[]', '\\\&', 'g');
BEGIN
    -- Tokens first: the brace that ends one may have a written one behind it.
    v_text := replace(regexp_replace(regexp_replace(v_text, '[{](YYYY|FY)[}]', chr(4), 'g'), '[{](YY|MM|DD)[}]', chr(3), 'g'),
                      '{seq}', chr(5));
    v_text := replace(replace(replace(v_text, '{Q}', '[0-9]'), chr(1), '[{]'), '}}', '[}]');
    RETURN '^' || replace(replace(replace(v_text, chr(4), '[0-9]{4}'), chr(3), '[0-9]{2}'), chr(5), '[0-9]{' || v_width || ',}') || '$';
END
$$;

-- A number that two frames could both give, the value of each not lower than its start; null if there is none.
CREATE FUNCTION "common_number"(p_one public.slot, p_one_start bigint, p_other public.slot, p_other_start bigint)
RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    c_largest CONSTANT numeric := 9007199254740991;
    v_frames CONSTANT public.slot[] := ARRAY[p_one, p_other];
    v_starts CONSTANT bigint[] := ARRAY[p_one_start, p_other_start];
    v_frame public.slot;
    v_text text;
    v_one text;
    v_other text;
    v_value text;
    v_open integer;
    v_digits integer;
    v_after integer;
    v_fixed numeric;
    v_lowest numeric;
    v_highest numeric;
BEGIN
    IF left(p_one.number_head, length(p_other.number_head)) <> left(p_other.number_head, length(p_one.number_head))
        OR right(p_one.number_tail, length(p_other.number_tail)) <> right(p_other.number_tail, length(p_one.number_tail)) THEN
        RETURN NULL;
    END IF;
    <<lengths>>
    FOR v_length IN
        greatest(length(p_one.number_head || p_one.number_tail) + p_one.number_width,
                 length(p_other.number_head || p_other.number_tail) + p_other.number_width)
        .. 16 + least(length(p_one.number_head || p_one.number_tail), length(p_other.number_head || p_other.number_tail))
    LOOP
        -- What stands at each place, by one frame or the other; an underscore where both have digits of their value.
        v_text := '';
        FOR v_at IN 1 .. v_length LOOP
            v_one := CASE WHEN v_at <= length(p_one.number_head) THEN substr(p_one.number_head, v_at, 1)
                          WHEN v_at > v_length - length(p_one.number_tail)
                              THEN substr(p_one.number_tail, v_at - v_length + length(p_one.number_tail), 1) END;
            v_other := CASE WHEN v_at <= length(p_other.number_head) THEN substr(p_other.number_head, v_at, 1)
                            WHEN v_at > v_length - length(p_other.number_tail)
                                THEN substr(p_other.number_tail, v_at - v_length + length(p_other.number_tail), 1) END;
            CONTINUE lengths WHEN v_one <> v_other
                OR (v_one IS NULL OR v_other IS NULL) AND strpos('0123456789', coalesce(v_one, v_other)) = 0;
            v_text := v_text || coalesce(v_one, v_other, chr(1));
        END LOOP;
        -- The open digits as one number: each frame bounds it.
        v_open := length(v_text) - length(replace(v_text, chr(1), ''));
        v_lowest := 0;
        v_highest := 10::numeric ^ v_open - 1;
        FOR v_nth IN 1 .. 2 LOOP
            v_frame := v_frames[v_nth];
            v_value := substr(v_text, length(v_frame.number_head) + 1, v_length - length(v_frame.number_head || v_frame.number_tail));
            v_digits := length(v_value);
            v_after := CASE WHEN v_open > 0 THEN length(v_value) - strpos(v_value, repeat(chr(1), v_open)) - v_open + 1 ELSE 0 END;
            v_fixed := replace(v_value, chr(1), '0')::numeric;
            v_lowest := greatest(v_lowest, ceil((greatest(v_starts[v_nth],
                CASE WHEN v_digits > v_frame.number_width THEN 10::numeric ^ (v_digits - 1) ELSE 0 END) - v_fixed)
                / 10::numeric ^ v_after));
            v_highest := least(v_highest, floor((c_largest - v_fixed) / 10::numeric ^ v_after));
        END LOOP;
        CONTINUE WHEN v_lowest > v_highest;
        RETURN CASE v_open WHEN 0 THEN v_text
                           ELSE replace(v_text, repeat(chr(1), v_open), lpad(trunc(v_lowest)::text, v_open, '0')) END;
    END LOOP;
    RETURN NULL;
END
$$;

-- What the numbers of each sequence look like that were issued. Nothing that is here, and not shared, has a number in
-- common with what another sequence has here (docs/decisions/0043).
CREATE TABLE "frames" (
    "prefix" TEXT COLLATE "C" NOT NULL,
    "number_head" TEXT COLLATE "C" NOT NULL,
    "number_width" SMALLINT NOT NULL,
    "number_tail" TEXT COLLATE "C" NOT NULL,
    -- Whether the rules allowed that the numbers are another sequence's, too.
    "shared" BOOLEAN NOT NULL,

    CONSTRAINT "frames_pkey" PRIMARY KEY ("prefix","number_head","number_width","number_tail","shared")
);

CREATE TRIGGER "frames_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "frames" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
ALTER TABLE "frames" ENABLE ALWAYS TRIGGER "frames_append_only";

-- The lowest value that a sequence can give, or has given.
CREATE FUNCTION "lowest_start"(p_prefix text) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT min(s.start) FROM public.sequences s WHERE s.prefix = p_prefix $$;

-- Adds a frame in which a sequence is about to issue its first number.
--
-- SQLSTATE OR031: another sequence has issued in a frame that can give the same number; DETAIL is that number.
CREATE FUNCTION "claim_frame"(p_rules public.sequences, p_slot public.slot) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_start CONSTANT bigint := public.lowest_start(p_rules.prefix);
    v_other record;
BEGIN
    IF NOT p_rules.allow_overlap THEN
        -- One at a time, so that of two at once the second sees the first.
        LOCK TABLE public.frames IN SHARE ROW EXCLUSIVE MODE;
        SELECT f.prefix, n.number INTO v_other
        FROM public.frames f, LATERAL (SELECT public.common_number(p_slot, v_start,
                 ROW(NULL, f.number_head, f.number_width, f.number_tail)::public.slot, public.lowest_start(f.prefix)) AS number) n
        WHERE f.prefix <> p_rules.prefix AND NOT f.shared
          AND (starts_with(f.number_head, p_slot.number_head) OR starts_with(p_slot.number_head, f.number_head))
          AND n.number IS NOT NULL
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION '% and % could both give the number %: change the template, or say allow_overlap',
                p_rules.prefix, v_other.prefix, v_other.number USING ERRCODE = 'OR031', DETAIL = v_other.number;
        END IF;
    END IF;
    INSERT INTO public.frames (prefix, number_head, number_width, number_tail, shared)
    VALUES (p_rules.prefix, p_slot.number_head, p_slot.number_width, p_slot.number_tail, p_rules.allow_overlap)
    ON CONFLICT DO NOTHING;
END
$$;
REVOKE EXECUTE ON FUNCTION "claim_frame" FROM PUBLIC;

-- Another sequence that could give a number which these rules could give on a date, or has issued in such a frame; null
-- if there is none. The service looks at all dates, this at one.
CREATE FUNCTION "overlap_on"(p_rules public.sequences, p_date date) RETURNS TABLE ("prefix" text, "number" text)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    v_slot CONSTANT public.slot := public.slot_of(p_rules, p_date);
    v_start CONSTANT bigint := least(p_rules.start, public.lowest_start(p_rules.prefix));
BEGIN
    RETURN QUERY
    SELECT other.prefix, n.number
    FROM (SELECT f.prefix, ROW(NULL, f.number_head, f.number_width, f.number_tail)::public.slot AS slot FROM public.frames f
          UNION ALL
          SELECT s.prefix, public.slot_of(s, p_date) FROM public.sequences s
          WHERE s.active AND NOT EXISTS (SELECT FROM public.sequences n WHERE n.prefix = s.prefix AND n.version > s.version)) other,
         LATERAL (SELECT public.common_number(v_slot, v_start, other.slot, public.lowest_start(other.prefix)) AS number) n
    WHERE other.prefix <> p_rules.prefix AND n.number IS NOT NULL
    ORDER BY other.prefix LIMIT 1;
END
$$;

-- With an older snapshot than the locks, a function would not see what was committed before it got them.
--
-- SQLSTATE OR032: the transaction has another isolation level.
CREATE FUNCTION "require_read_committed"() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the ledger is written in transactions of the isolation level read committed, not %',
            current_setting('transaction_isolation') USING ERRCODE = 'OR032';
    END IF;
END
$$;

-- Adds a version of a sequence's rules. The application's role may call this and may not write to the table. While it
-- commits, no counter of the sequence moves, and none begins: what is issued afterwards is issued by the new rules, and
-- a number that they could repeat is found.
--
-- p_known_versions  how many versions of rules there were, of all sequences, when it was decided that the new ones
--                   share no number with another sequence; null if they may, or are not in use (docs/decisions/0043)
--
-- SQLSTATE OR003, OR004 as in require_next_version. OR005: a number that was issued could be issued again, to another
-- period or value; DETAIL is the number. OR006: the start value has no effect any more, since the only period has begun.
-- OR008: there are more versions of rules by now. OR020: as in slot_of. OR021: as in require_sound_rules. OR031: another
-- sequence could give the same number; DETAIL is that number. OR032: as in require_read_committed.
DROP FUNCTION "add_rules";
CREATE FUNCTION "add_rules"(
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
    -- Rules of one shape and reset go on in the same counters, so a number always has the same period and value under
    -- them. For all others what was issued decides.
    IF p_active AND EXISTS (
        SELECT FROM public.sequences s
        WHERE s.prefix = p_prefix
          AND (s.reset, public.shape_of(p_prefix, s.template)) IS DISTINCT FROM (p_reset, public.shape_of(p_prefix, p_template))
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
REVOKE EXECUTE ON FUNCTION "add_rules" FROM PUBLIC;

-- A number of an order is never issued again; and GLOBAL and DEFAULT both count 1, 2, 3, each in its own call. In a new ledger
-- it is so from the first version on. In any other it is so by a version more: for ORD where it has issued nothing, and
-- for each sequence whose numbers could be those of another one, so that both go on.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM "counters") AND NOT EXISTS (SELECT FROM "sequences" WHERE "version" > 1 OR "created_by" <> 'ordinal') THEN
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
                                 "allow_overlap", "created_by", "reason")
        WITH latest AS MATERIALIZED (
            SELECT s.*, slot_of(s, (CURRENT_TIMESTAMP AT TIME ZONE 'UTC')::date) AS slot, lowest_start(s."prefix") AS lowest
            FROM "sequences" s
            WHERE s."active" AND NOT EXISTS (SELECT FROM "sequences" n WHERE n."prefix" = s."prefix" AND n."version" > s."version")
        )
        SELECT s."prefix", s."version" + 1, s."template", s."reset", s."time_zone", s."fiscal_year_start", s."start", s."gap_policy",
               true, 'ordinal',
               format('numbers of %s could be the same: each is addressed by its own call, or with its prefix', string_agg(o."prefix", ', ' ORDER BY o."prefix"))
        FROM latest s JOIN latest o ON o."prefix" <> s."prefix" AND common_number(s.slot, s.lowest, o.slot, o.lowest) IS NOT NULL
        GROUP BY s."prefix", s."version", s."template", s."reset", s."time_zone", s."fiscal_year_start", s."start", s."gap_policy";
    END IF;
END
$$;

INSERT INTO "frames" ("prefix", "number_head", "number_width", "number_tail", "shared")
SELECT DISTINCT b."prefix", b."number_head", b."number_width", b."number_tail",
       (SELECT s."allow_overlap" FROM "sequences" s WHERE s."prefix" = b."prefix" ORDER BY s."version" DESC LIMIT 1)
FROM "batches" b WHERE b."number_head" IS NOT NULL;
