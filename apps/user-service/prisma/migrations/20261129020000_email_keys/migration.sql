-- Addresses may have any letters now, and which of them are one letter in two cases is not the same in every database:
-- `lower` goes by its locale. So the service writes what two spellings of one address have in common.
ALTER TABLE "users" ADD COLUMN "email_key" TEXT;

-- An earlier release writes none, while both run; its addresses are ASCII. Of these the key is the address in lower case.
CREATE FUNCTION "write_email_key"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF octet_length(NEW."email") = length(NEW."email") THEN
        NEW."email_key" := lower(NEW."email" COLLATE "C");
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER "write_email_key" BEFORE INSERT OR UPDATE OF "email", "email_key" ON "users"
    FOR EACH ROW EXECUTE FUNCTION "write_email_key"();

UPDATE "users" SET "email_key" = lower("email" COLLATE "C");
ALTER TABLE "users" ALTER COLUMN "email_key" SET NOT NULL;

DROP INDEX "users_email_key";
CREATE UNIQUE INDEX "users_email_key" ON "users"("email_key") WHERE "deleted_at" IS NULL;
