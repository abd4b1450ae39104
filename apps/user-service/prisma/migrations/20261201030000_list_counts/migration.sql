-- How many users there are, by active, without counting them: each statement that makes a difference writes it here, in its own
-- transaction. Their sum is exact in every snapshot, and nobody waits for a row of another. The service folds them.
CREATE TABLE "list_counts" (
    "id" BIGSERIAL NOT NULL,
    "key" TEXT NOT NULL,
    "change" BIGINT NOT NULL,

    CONSTRAINT "list_counts_pkey" PRIMARY KEY ("id")
);

-- As its owner: an earlier release runs on in a role that has no right to the table yet.
CREATE FUNCTION "count_listed"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO "list_counts" ("key", "change")
        SELECT "active", count(*) FROM "after" WHERE "deleted_at" IS NULL GROUP BY "active";
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO "list_counts" ("key", "change")
        SELECT "active", sum("change") FROM (
            SELECT "active", 1 AS "change" FROM "after" WHERE "deleted_at" IS NULL
            UNION ALL SELECT "active", -1 FROM "before" WHERE "deleted_at" IS NULL
        ) "both" GROUP BY "active" HAVING sum("change") <> 0;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO "list_counts" ("key", "change")
        SELECT "active", -count(*) FROM "before" WHERE "deleted_at" IS NULL GROUP BY "active";
    ELSE
        -- TRUNCATE has the table for itself: all that others wrote is committed, and seen.
        DELETE FROM "list_counts";
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER "count_inserted" AFTER INSERT ON "users" REFERENCING NEW TABLE AS "after"
    FOR EACH STATEMENT EXECUTE FUNCTION "count_listed"();
CREATE TRIGGER "count_updated" AFTER UPDATE ON "users" REFERENCING OLD TABLE AS "before" NEW TABLE AS "after"
    FOR EACH STATEMENT EXECUTE FUNCTION "count_listed"();
CREATE TRIGGER "count_deleted" AFTER DELETE ON "users" REFERENCING OLD TABLE AS "before"
    FOR EACH STATEMENT EXECUTE FUNCTION "count_listed"();
CREATE TRIGGER "count_truncated" AFTER TRUNCATE ON "users" FOR EACH STATEMENT EXECUTE FUNCTION "count_listed"();

-- Adds what is missing between the counts and the rows: nothing, unless rows were written without the triggers. One
-- statement, so that it sees both as of one moment, and nobody waits for it.
CREATE FUNCTION "recount_listed"() RETURNS void LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO "list_counts" ("key", "change")
    SELECT "key", sum("change") FROM (
        SELECT "active"::text AS "key", count(*) AS "change" FROM "users" WHERE "deleted_at" IS NULL GROUP BY "active"
        UNION ALL SELECT "key", -"change" FROM "list_counts"
    ) "both" GROUP BY "key" HAVING sum("change") <> 0
$$;
