-- Tokens of the fiscal year: {FY} its last calendar year, {FYF} its first, {FY2} and {FYF2} these with two digits. {FYF2}-{FY2}
-- is 24-25, {FYF}/{FY2} is 2024/25.

CREATE OR REPLACE FUNCTION "slot_of"(p_rules public.sequences, p_date date) RETURNS public.slot
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    v_slot public.slot;
    v_text text;
    v_year integer := CASE WHEN isfinite(p_date) THEN extract(year FROM p_date) ELSE 0 END;
    v_fiscal_year integer := v_year + CASE
        WHEN p_rules.fiscal_year_start > 1 AND extract(month FROM p_date) >= p_rules.fiscal_year_start THEN 1 ELSE 0 END;
    v_first_year integer := v_fiscal_year - CASE WHEN p_rules.fiscal_year_start > 1 THEN 1 ELSE 0 END;
    v_seq text;
    v_at integer;
BEGIN
    -- Behind this, every brace that is left begins or ends a token.
    v_text := replace(p_rules.template, '{{', chr(1));
    IF v_year < 1 OR v_fiscal_year > 9999 OR v_text LIKE '%{YY}%' AND v_year NOT BETWEEN 2000 AND 2099
        OR v_text LIKE '%{FY2}%' AND v_fiscal_year NOT BETWEEN 2000 AND 2099
        OR v_text LIKE '%{FYF2}%' AND v_first_year NOT BETWEEN 2000 AND 2099 THEN
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
    v_year := v_tokens && '{"{YYYY}","{YY}"}' OR v_tokens && '{"{FY}","{FY2}","{FYF}","{FYF2}"}' AND v_side;
    v_fiscal_year := v_tokens && '{"{FY}","{FY2}","{FYF}","{FYF2}"}' OR v_tokens && '{"{YYYY}","{YY}"}' AND v_side;
    v_fault := CASE
        WHEN NEW.prefix !~ '^[A-Za-z0-9._-]{1,32}$' THEN 'the name is not 1 to 32 letters, digits, dots, underscores or dashes'
        WHEN NEW.template ~ '[\u0001-\u001f\u007f-\u009f]' THEN 'the template has control characters'
        WHEN EXISTS (SELECT FROM unnest(v_tokens) t WHERE t !~ '^\{(prefix|YYYY|YY|MM|DD|Q|FY|FY2|FYF|FYF2|seq(:0*([1-9]|1[0-6]))?)\}$')
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

CREATE OR REPLACE FUNCTION "pattern_of"(p_prefix text, p_template text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET standard_conforming_strings = on AS $$
DECLARE
    v_width CONSTANT text := coalesce(substring(replace(p_template, '{{', '') FROM '[{]seq:([0-9]+)[}]'), '1');
    v_text text := regexp_replace(public.shape_of(p_prefix, p_template), '[].*+?^$()|\\[]', '\\\&', 'g');
BEGIN
    -- Tokens first: the brace that ends one may have a written one behind it.
    v_text := replace(regexp_replace(regexp_replace(v_text, '[{](YYYY|FYF?)[}]', chr(4), 'g'), '[{](YY|MM|DD|FYF?2)[}]', chr(3), 'g'),
                      '{seq}', chr(5));
    v_text := replace(replace(replace(v_text, '{Q}', '[0-9]'), chr(1), '[{]'), '}}', '[}]');
    RETURN '^' || replace(replace(replace(v_text, chr(4), '[0-9]{4}'), chr(3), '[0-9]{2}'), chr(5), '[0-9]{' || v_width || ',}') || '$';
END
$$;

-- From {FYF} the period follows by whether the fiscal year begins in January.
CREATE OR REPLACE FUNCTION "month_for_period"(p_reset text, p_template text, p_fiscal_year_start integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET standard_conforming_strings = on AS $$
    SELECT CASE WHEN p_reset <> 'never'
                 AND replace(p_template, '{{', chr(1)) !~ CASE p_reset WHEN 'fiscal_yearly' THEN '[{]FY2?[}]' ELSE '[{]YY(YY)?[}]' END
                THEN p_fiscal_year_start END
$$;

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
                                WHEN '{FYF2}' THEN 2 WHEN '{MM}' THEN 2 WHEN '{DD}' THEN 2
                                WHEN '{Q}' THEN 1 WHEN '{{' THEN 1 WHEN '}}' THEN 1 WHEN '{prefix}' THEN length(p_rules.prefix)
                                ELSE length(v_piece) END;
        v_part := substr(v_text, v_at, v_width);
        v_at := v_at + v_width;
        CONTINUE WHEN v_piece NOT IN ('{YYYY}', '{YY}', '{MM}', '{DD}', '{FY}', '{FY2}', '{FYF}', '{FYF2}');
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
