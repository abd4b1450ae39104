-- Weeks: {WW} is the number of the week by ISO 8601, {GGGG} and {GG} the year to which the week belongs, and the reset weekly
-- begins again each Monday. And fiscal years that begin on a day: the fiscal_year_start 406 is 6 April.
ALTER TABLE "sequences"
    DROP CONSTRAINT "sequences_reset_check",
    ADD CONSTRAINT "sequences_reset_check"
        CHECK ("reset" IN ('never', 'yearly', 'fiscal_yearly', 'quarterly', 'monthly', 'weekly', 'daily')),
    DROP CONSTRAINT "sequences_fiscal_year_start_check",
    -- A month, on its first day, or a day that each year has, as month and day in one.
    ADD CONSTRAINT "sequences_fiscal_year_start_check" CHECK ("fiscal_year_start" BETWEEN 1 AND 12
        OR "fiscal_year_start" BETWEEN 101 AND 1231 AND "fiscal_year_start" % 100
           BETWEEN 2 AND coalesce((ARRAY[31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])["fiscal_year_start" / 100], 0));

-- The fiscal year of a date, named for the calendar year in which it ends.
CREATE FUNCTION "fiscal_year_of"(p_fiscal_year_start integer, p_date date) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT extract(year FROM p_date)::integer + CASE
        WHEN p_fiscal_year_start > 1 AND 100 * extract(month FROM p_date) + extract(day FROM p_date)
             >= CASE WHEN p_fiscal_year_start > 12 THEN p_fiscal_year_start ELSE 100 * p_fiscal_year_start + 1 END THEN 1 ELSE 0 END
$$;

-- The same as periodOf of domain/period.ts.
CREATE OR REPLACE FUNCTION "period_of"(p_reset text, p_fiscal_year_start integer, p_date date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE p_reset
        WHEN 'never' THEN ''
        WHEN 'yearly' THEN to_char(p_date::timestamp, 'YYYY')
        WHEN 'fiscal_yearly' THEN 'FY' || lpad(public.fiscal_year_of(p_fiscal_year_start, p_date)::text, 4, '0')
        WHEN 'quarterly' THEN to_char(p_date::timestamp, 'YYYY-"Q"Q')
        WHEN 'monthly' THEN to_char(p_date::timestamp, 'YYYY-MM')
        WHEN 'weekly' THEN to_char(p_date::timestamp, 'IYYY-"W"IW')
        WHEN 'daily' THEN to_char(p_date::timestamp, 'YYYY-MM-DD')
    END
$$;

-- The same as slotOfDate of domain/sequence.ts.
CREATE OR REPLACE FUNCTION "slot_of"(p_rules public.sequences, p_date date) RETURNS public.slot
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    v_slot public.slot;
    v_text text;
    v_year integer := CASE WHEN isfinite(p_date) THEN extract(year FROM p_date) ELSE 0 END;
    v_fiscal_year integer := CASE WHEN isfinite(p_date) THEN public.fiscal_year_of(p_rules.fiscal_year_start, p_date) ELSE 0 END;
    v_week_year integer := CASE WHEN isfinite(p_date) THEN extract(isoyear FROM p_date) ELSE 0 END;
    v_first_year integer := v_fiscal_year - CASE WHEN p_rules.fiscal_year_start > 1 THEN 1 ELSE 0 END;
    v_seq text;
    v_at integer;
BEGIN
    -- Behind this, every brace that is left begins or ends a token.
    v_text := replace(p_rules.template, '{{', chr(1));
    IF v_year < 1 OR v_fiscal_year > 9999 OR v_text LIKE '%{YY}%' AND v_year NOT BETWEEN 2000 AND 2099
        OR v_text LIKE '%{FY2}%' AND v_fiscal_year NOT BETWEEN 2000 AND 2099
        OR v_text LIKE '%{FYF2}%' AND v_first_year NOT BETWEEN 2000 AND 2099
        OR v_text LIKE '%{GG}%' AND v_week_year NOT BETWEEN 2000 AND 2099 THEN
        RAISE EXCEPTION 'the template % cannot show the date %', p_rules.template, p_date USING ERRCODE = 'OR020';
    END IF;
    IF v_text LIKE '%{YYYY}%' THEN v_text := replace(v_text, '{YYYY}', to_char(v_year, 'FM0000')); END IF;
    IF v_text LIKE '%{YY}%' THEN v_text := replace(v_text, '{YY}', to_char(v_year % 100, 'FM00')); END IF;
    IF v_text LIKE '%{MM}%' THEN v_text := replace(v_text, '{MM}', to_char(p_date::timestamp, 'MM')); END IF;
    IF v_text LIKE '%{DD}%' THEN v_text := replace(v_text, '{DD}', to_char(p_date::timestamp, 'DD')); END IF;
    IF v_text LIKE '%{Q}%' THEN v_text := replace(v_text, '{Q}', to_char(p_date::timestamp, 'Q')); END IF;
    IF v_text LIKE '%{FY}%' THEN v_text := replace(v_text, '{FY}', to_char(v_fiscal_year, 'FM0000')); END IF;
    IF v_text LIKE '%{FY2}%' THEN v_text := replace(v_text, '{FY2}', to_char(v_fiscal_year % 100, 'FM00')); END IF;
    IF v_text LIKE '%{FYF}%' THEN v_text := replace(v_text, '{FYF}', to_char(v_first_year, 'FM0000')); END IF;
    IF v_text LIKE '%{FYF2}%' THEN v_text := replace(v_text, '{FYF2}', to_char(v_first_year % 100, 'FM00')); END IF;
    IF v_text LIKE '%{GGGG}%' THEN v_text := replace(v_text, '{GGGG}', to_char(v_week_year, 'FM0000')); END IF;
    IF v_text LIKE '%{GG}%' THEN v_text := replace(v_text, '{GG}', to_char(v_week_year % 100, 'FM00')); END IF;
    IF v_text LIKE '%{WW}%' THEN v_text := replace(v_text, '{WW}', to_char(p_date::timestamp, 'IW')); END IF;
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

-- Whether the period of a number follows from its tokens: where they do not show it themselves, it is tried with all days. Dates
-- that show the same year of any kind are less than three years apart, and after 28 years leap days and weekdays come
-- again as they were. The same as requireUnambiguous of domain/determined.ts.
CREATE FUNCTION "determines_period"(p_tokens text[], p_reset text, p_fiscal_year_start integer) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    v_year CONSTANT boolean := p_tokens && '{"{YYYY}","{YY}"}';
    v_fiscal_year CONSTANT boolean := p_tokens && '{"{FY}","{FY2}","{FYF}","{FYF2}"}';
    v_quarter CONSTANT boolean := p_tokens && '{"{Q}","{MM}"}';
    v_month CONSTANT boolean := p_tokens && '{"{MM}"}';
    v_day CONSTANT boolean := p_tokens && '{"{DD}"}';
    v_week_year CONSTANT boolean := p_tokens && '{"{GGGG}","{GG}"}';
    v_week CONSTANT boolean := p_tokens && '{"{WW}"}';
BEGIN
    RETURN CASE p_reset
        WHEN 'never' THEN true
        WHEN 'yearly' THEN v_year
        WHEN 'fiscal_yearly' THEN v_fiscal_year
        WHEN 'quarterly' THEN v_year AND v_quarter
        WHEN 'monthly' THEN v_year AND v_month
        WHEN 'weekly' THEN v_week_year AND v_week
        WHEN 'daily' THEN v_year AND v_month AND v_day
    END OR NOT EXISTS (
        SELECT FROM (SELECT '2001-01-01'::date + n AS date FROM generate_series(0, 30 * 53 * 7 - 1) n) d
        GROUP BY CASE WHEN v_year THEN extract(year FROM d.date) END,
                 CASE WHEN v_fiscal_year THEN public.fiscal_year_of(p_fiscal_year_start, d.date) END,
                 CASE WHEN v_quarter THEN extract(quarter FROM d.date) END,
                 CASE WHEN v_month THEN extract(month FROM d.date) END,
                 CASE WHEN v_day THEN extract(day FROM d.date) END,
                 CASE WHEN v_week_year THEN extract(isoyear FROM d.date) END,
                 CASE WHEN v_week THEN extract(week FROM d.date) END
        HAVING min(public.period_of(p_reset, p_fiscal_year_start, d.date) COLLATE "C")
            <> max(public.period_of(p_reset, p_fiscal_year_start, d.date) COLLATE "C"));
END
$$;
REVOKE EXECUTE ON FUNCTION "determines_period" FROM PUBLIC;

CREATE OR REPLACE FUNCTION "require_sound_rules"() RETURNS trigger LANGUAGE plpgsql
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
        WHEN EXISTS (SELECT FROM unnest(v_tokens) t WHERE t !~ '^\{(prefix|YYYY|YY|MM|DD|Q|FY|FY2|FYF|FYF2|GGGG|GG|WW|seq(:0*([1-9]|1[0-6]))?)\}$')
            THEN 'the template has braces that are no token'
        WHEN (SELECT count(*) FROM unnest(v_tokens) t WHERE t ~ '^\{seq') <> 1 THEN 'the template has not one {seq}'
        WHEN NOT public.determines_period(v_tokens, NEW.reset, NEW.fiscal_year_start)
            THEN 'the template does not show the period, so numbers would repeat'
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

CREATE OR REPLACE FUNCTION "pattern_of"(p_prefix text, p_template text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET standard_conforming_strings = on AS $$
DECLARE
    v_width CONSTANT text := coalesce(substring(replace(p_template, '{{', '') FROM '[{]seq:([0-9]+)[}]'), '1');
    v_text text := regexp_replace(public.shape_of(p_prefix, p_template), '[].*+?^$()|\\[]', '\\\&', 'g');
BEGIN
    -- Tokens first: the brace that ends one may have a written one behind it.
    v_text := replace(regexp_replace(regexp_replace(v_text, '[{](YYYY|FYF?|GGGG)[}]', chr(4), 'g'), '[{](YY|MM|DD|FYF?2|GG|WW)[}]', chr(3), 'g'),
                      '{seq}', chr(5));
    v_text := replace(replace(replace(v_text, '{Q}', '[0-9]'), chr(1), '[{]'), '}}', '[}]');
    RETURN '^' || replace(replace(replace(v_text, chr(4), '[0-9]{4}'), chr(3), '[0-9]{2}'), chr(5), '[0-9]{' || v_width || ',}') || '$';
END
$$;

-- When the fiscal year begins, where a number's period follows from it; null where the tokens give the period without it.
-- From {FYF} the period follows by whether the fiscal year begins in January.
CREATE OR REPLACE FUNCTION "month_for_period"(p_reset text, p_template text, p_fiscal_year_start integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET standard_conforming_strings = on AS $$
    SELECT CASE WHEN p_reset <> 'never' AND NOT CASE p_reset
        WHEN 'fiscal_yearly' THEN t.template ~ '[{]FY2?[}]'
        WHEN 'weekly' THEN t.template !~ '[{]FY' OR t.template ~ '[{]GG(GG)?[}]' AND t.template ~ '[{]WW[}]'
        ELSE t.template !~ '[{]FY' OR t.template ~ '[{]YY(YY)?[}]'
    END THEN p_fiscal_year_start END
    FROM (SELECT replace(p_template, '{{', chr(1)) AS template) t
$$;

-- The same as parseNumber of domain/parse-number.ts.
CREATE OR REPLACE FUNCTION "period_written"(p_rules public.sequences, p_head text, p_tail text) RETURNS text
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
    v_week_year integer;
    v_week integer;
    v_years integer[];
    v_first_day CONSTANT integer := CASE WHEN p_rules.fiscal_year_start > 12 THEN p_rules.fiscal_year_start % 100 ELSE 1 END;
    v_date date;
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
        v_width := CASE v_piece WHEN '{YYYY}' THEN 4 WHEN '{FY}' THEN 4 WHEN '{FYF}' THEN 4 WHEN '{YY}' THEN 2 WHEN '{FY2}' THEN 2
                                WHEN '{FYF2}' THEN 2 WHEN '{MM}' THEN 2 WHEN '{DD}' THEN 2 WHEN '{GGGG}' THEN 4 WHEN '{GG}' THEN 2 WHEN '{WW}' THEN 2
                                WHEN '{Q}' THEN 1 WHEN '{{' THEN 1 WHEN '}}' THEN 1 WHEN '{prefix}' THEN length(p_rules.prefix)
                                ELSE length(v_piece) END;
        v_part := substr(v_text, v_at, v_width);
        v_at := v_at + v_width;
        CONTINUE WHEN v_piece NOT IN ('{YYYY}', '{YY}', '{MM}', '{DD}', '{FY}', '{FY2}', '{FYF}', '{FYF2}', '{GGGG}', '{GG}', '{WW}');
        IF v_part !~ '^[0-9]+$' THEN
            RETURN NULL;
        END IF;
        CASE v_piece
            WHEN '{YYYY}' THEN v_year := v_part;
            WHEN '{YY}' THEN v_year := 2000 + v_part::integer;
            WHEN '{MM}' THEN v_month := v_part;
            WHEN '{DD}' THEN v_day := v_part;
            WHEN '{FY}' THEN v_fiscal_year := v_part;
            WHEN '{FY2}' THEN v_fiscal_year := 2000 + v_part::integer;
            WHEN '{FYF}' THEN v_fiscal_year := v_part::integer + CASE WHEN p_rules.fiscal_year_start > 1 THEN 1 ELSE 0 END;
            WHEN '{FYF2}' THEN v_fiscal_year := 2000 + v_part::integer + CASE WHEN p_rules.fiscal_year_start > 1 THEN 1 ELSE 0 END;
            WHEN '{GGGG}' THEN v_week_year := v_part;
            WHEN '{GG}' THEN v_week_year := 2000 + v_part::integer;
            WHEN '{WW}' THEN v_week := v_part;
        END CASE;
    END LOOP;
    -- The calendar years of which one is meant. Where none is shown, a leap year has every day, and in 28 years each day is
    -- in every week in which it can be.
    v_years := CASE WHEN v_year IS NOT NULL THEN ARRAY[v_year]
                    WHEN v_fiscal_year IS NOT NULL THEN ARRAY[v_fiscal_year - 1, v_fiscal_year]
                    WHEN v_week_year IS NOT NULL THEN ARRAY[v_week_year - 1, v_week_year, v_week_year + 1]
                    WHEN v_week IS NOT NULL THEN ARRAY(SELECT generate_series(2000, 2027))
                    ELSE ARRAY[2000] END;
    -- Days of which one is as shown, if any is: those of a week, or of months. Of days that differ in what is shown one each is
    -- enough: fiscal years change on one day, the years of weeks at the end of a month.
    FOR v_date IN
        SELECT make_date(w.year, 1, 4) - extract(isodow FROM make_date(w.year, 1, 4))::integer + 7 * v_week - 6 + n
        FROM (SELECT DISTINCT coalesce(v_week_year, y + about) AS year FROM unnest(v_years) y, generate_series(-1, 1) about) w,
             generate_series(0, 6) n
        WHERE v_week BETWEEN 1 AND 53 AND w.year BETWEEN 1 AND 9999
        UNION ALL
        SELECT make_date(y, m, d)
        FROM unnest(v_years) y, generate_series(coalesce(v_month, 1), coalesce(v_month, 12)) m,
             LATERAL (SELECT CASE WHEN m <> 2 THEN (ARRAY[31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])[m]
                                  WHEN y % 4 = 0 AND (y % 100 <> 0 OR y % 400 = 0) THEN 29 ELSE 28 END AS last) l,
             LATERAL (SELECT DISTINCT d FROM unnest(CASE
                          WHEN v_day IS NOT NULL THEN ARRAY[v_day]
                          WHEN v_fiscal_year IS NOT NULL OR v_week_year IS NOT NULL THEN ARRAY[1, v_first_day - 1, v_first_day, l.last]
                          ELSE ARRAY[1] END) d) o
        WHERE v_week IS NULL AND y BETWEEN 1 AND 9999 AND d BETWEEN 1 AND l.last
    LOOP
        BEGIN
            v_slot := public.slot_of(p_rules, v_date);
            IF v_slot.number_head = p_head AND v_slot.number_tail = p_tail THEN
                RETURN v_slot.period;
            END IF;
        EXCEPTION WHEN SQLSTATE 'OR020' THEN
            NULL; -- the template cannot show this date
        END;
    END LOOP;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION "close_period"(p_prefix text, p_period text, p_closed_by text, p_reason text, p_request_id text)
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
        WHEN p_period ~ '^[0-9]{4}-W(0[1-9]|[1-4][0-9]|5[0-3])$' THEN 'weekly'
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
