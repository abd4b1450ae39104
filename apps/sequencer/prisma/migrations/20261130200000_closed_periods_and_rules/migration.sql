-- Closing takes only periods that a sequence can have: who writes 2025 for FY2025 has closed nothing.
CREATE OR REPLACE FUNCTION "close_period"(p_prefix text, p_period text, p_closed_by text, p_reason text, p_request_id text)
RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_rules public.sequences;
    v_today date;
    v_reset text;
    v_closed_at timestamptz;
    v_current text;
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
    -- One that is closed stays as it was closed, whatever rules there have been since.
    IF EXISTS (SELECT FROM public.closed_periods c WHERE c.prefix = p_prefix AND c.period = p_period) THEN
        RETURN NULL;
    END IF;
    v_current := public.period_of(v_reset, v_rules.fiscal_year_start, v_today);
    -- Periods of one kind have the order of their texts.
    IF v_rules.prefix IS NULL OR v_reset IS NULL OR p_period >= v_current COLLATE "C" THEN
        RAISE EXCEPTION 'the period % of % is not over', p_period, p_prefix USING ERRCODE = 'OR024';
    END IF;
    IF NOT EXISTS (SELECT FROM public.sequences s WHERE s.prefix = p_prefix AND s.reset = v_reset)
        OR v_reset = 'weekly' AND to_char(to_date(p_period, 'IYYY-"W"IW'), 'IYYY-"W"IW') <> p_period
        OR v_reset = 'daily' AND NOT pg_input_is_valid(p_period, 'date') THEN
        RAISE EXCEPTION '% has no period %', p_prefix, p_period USING ERRCODE = 'OR011',
            DETAIL = public.period_of(v_rules.reset, v_rules.fiscal_year_start, v_today);
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

-- Rules under which today is in a closed period would stop their sequence until that period is over.
CREATE FUNCTION "refuse_closed_today"() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_before public.sequences;
    v_period text := public.period_of(NEW.reset, NEW.fiscal_year_start, public.day_in(NEW.time_zone, clock_timestamp()));
BEGIN
    IF NOT NEW.active OR NOT EXISTS (
        SELECT FROM public.closed_periods c WHERE c.prefix = NEW.prefix AND c.period = v_period) THEN
        RETURN NEW;
    END IF;
    SELECT s.* INTO v_before FROM public.sequences s WHERE s.prefix = NEW.prefix AND s.version = NEW.version - 1;
    IF (v_before.reset, v_before.fiscal_year_start, v_before.time_zone) IS DISTINCT FROM
       (NEW.reset, NEW.fiscal_year_start, NEW.time_zone) THEN
        RAISE EXCEPTION 'the current period of % would be %, which is closed', NEW.prefix, v_period USING ERRCODE = 'OR010';
    END IF;
    RETURN NEW;
END
$$;
-- After the check that the rules are sound: triggers of one kind go by their names.
CREATE TRIGGER "sequences_today" BEFORE INSERT ON "sequences" FOR EACH ROW EXECUTE FUNCTION "refuse_closed_today"();
ALTER TABLE "sequences" ENABLE ALWAYS TRIGGER "sequences_today";
