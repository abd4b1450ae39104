-- The calendar of PostgreSQL begins in 4713 BC. Where rules take dates from more than some 6,700 years back, the first day of
-- their window was before it, and the sequence could issue nothing. Business dates begin with the year 1, so a window does, too.
-- The functions that compute it stay as they are otherwise.
DO $$
DECLARE
    c_first CONSTANT text := '(v_today|z\.day) - (v_rules|s)\.business_date_past_days';
    v_function record;
    v_changed integer := 0;
BEGIN
    FOR v_function IN
        SELECT p.proname, pg_get_functiondef(p.oid) AS definition FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace AND p.prosrc ~ c_first
    LOOP
        EXECUTE regexp_replace(v_function.definition, c_first,
            '\1 - CASE WHEN \2.business_date_past_days > \1 - DATE ''0001-01-01'' THEN \1 - DATE ''0001-01-01'' ELSE \2.business_date_past_days END',
            'g');
        v_changed := v_changed + 1;
    END LOOP;
    IF v_changed <> 2 THEN
        RAISE EXCEPTION 'the window of business dates is computed in % functions, and not in the two that are known', v_changed;
    END IF;
END $$;
