-- How many orders there are, by status, without counting them: each statement that makes a difference writes it here, in its own
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
        SELECT "status", count(*) FROM "after" WHERE "deleted_at" IS NULL GROUP BY "status";
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO "list_counts" ("key", "change")
        SELECT "status", sum("change") FROM (
            SELECT "status", 1 AS "change" FROM "after" WHERE "deleted_at" IS NULL
            UNION ALL SELECT "status", -1 FROM "before" WHERE "deleted_at" IS NULL
        ) "both" GROUP BY "status" HAVING sum("change") <> 0;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO "list_counts" ("key", "change")
        SELECT "status", -count(*) FROM "before" WHERE "deleted_at" IS NULL GROUP BY "status";
    ELSE
        -- TRUNCATE has the table for itself: all that others wrote is committed, and seen.
        DELETE FROM "list_counts";
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER "count_inserted" AFTER INSERT ON "orders" REFERENCING NEW TABLE AS "after"
    FOR EACH STATEMENT EXECUTE FUNCTION "count_listed"();
CREATE TRIGGER "count_updated" AFTER UPDATE ON "orders" REFERENCING OLD TABLE AS "before" NEW TABLE AS "after"
    FOR EACH STATEMENT EXECUTE FUNCTION "count_listed"();
CREATE TRIGGER "count_deleted" AFTER DELETE ON "orders" REFERENCING OLD TABLE AS "before"
    FOR EACH STATEMENT EXECUTE FUNCTION "count_listed"();
CREATE TRIGGER "count_truncated" AFTER TRUNCATE ON "orders" FOR EACH STATEMENT EXECUTE FUNCTION "count_listed"();

-- Adds what is missing between the counts and the rows: nothing, unless rows were written without the triggers. One
-- statement, so that it sees both as of one moment, and nobody waits for it.
CREATE FUNCTION "recount_listed"() RETURNS void LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO "list_counts" ("key", "change")
    SELECT "key", sum("change") FROM (
        SELECT "status"::text AS "key", count(*) AS "change" FROM "orders" WHERE "deleted_at" IS NULL GROUP BY "status"
        UNION ALL SELECT "key", -"change" FROM "list_counts"
    ) "both" GROUP BY "key" HAVING sum("change") <> 0
$$;
