-- The Idempotency-Key with which a user was created, and the answer that this request got.
CREATE TABLE "idempotency_records" (
    "caller" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "fingerprint" BYTEA NOT NULL,
    "answer" JSON,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_records_pkey" PRIMARY KEY ("caller","key")
);

CREATE INDEX "idempotency_records_created_at_idx" ON "idempotency_records"("created_at");
