-- Which version a user is in, for If-Match. Counted here: an earlier release, which may run beside this one, does not.
ALTER TABLE "users" ADD COLUMN "version" INTEGER NOT NULL DEFAULT 1;

CREATE FUNCTION "count_version"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW."version" := OLD."version" + 1;
    RETURN NEW;
END
$$;
CREATE TRIGGER "count_version" BEFORE UPDATE ON "users" FOR EACH ROW EXECUTE FUNCTION "count_version"();
