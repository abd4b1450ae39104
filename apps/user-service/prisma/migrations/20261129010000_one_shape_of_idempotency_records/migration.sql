-- The shape that libs/idempotency has for all services. A user is created in one transaction, which needs no lease: a key
-- is kept from its creation on, as before.
ALTER TABLE "idempotency_records" RENAME COLUMN "created_at" TO "leased_until";
ALTER TABLE "idempotency_records" ALTER COLUMN "leased_until" DROP DEFAULT, ADD COLUMN "resource_id" BIGINT;
ALTER INDEX "idempotency_records_created_at_idx" RENAME TO "idempotency_records_leased_until_idx";
