CREATE TABLE "idempotency_records" (
    "caller" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "fingerprint" BYTEA NOT NULL,
    "resource_id" BIGINT,
    "answer" JSON,
    "leased_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_records_pkey" PRIMARY KEY ("caller","key")
);

CREATE INDEX "idempotency_records_leased_until_idx" ON "idempotency_records"("leased_until");
