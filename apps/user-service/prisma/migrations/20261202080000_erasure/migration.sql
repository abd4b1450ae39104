-- Of an erased user only the id stays, so that orders still name somebody, and when it was erased. The database itself
-- keeps name and address from coming back, by a later change or by an earlier release.
ALTER TABLE "users" ADD COLUMN "erased_at" TIMESTAMPTZ(3);
-- Not checked for the users there are: none of them is erased yet.
ALTER TABLE "users" ADD CONSTRAINT "users_erased_check" CHECK (
    "erased_at" IS NULL
    OR ("deleted_at" IS NOT NULL AND NOT "active" AND "email" = '' AND "email_key" = '' AND "name" = '' AND "age" = 0)
) NOT VALID;

-- Which deleted users wait to be erased, and when the last was.
CREATE INDEX "users_to_erase_idx" ON "users"("deleted_at") WHERE "deleted_at" IS NOT NULL AND "erased_at" IS NULL;
CREATE INDEX "users_erased_at_idx" ON "users"("erased_at") WHERE "erased_at" IS NOT NULL;

-- The answers about a user.
CREATE INDEX "idempotency_records_answered_id_idx" ON "idempotency_records"(("answer" ->> 'id'));
