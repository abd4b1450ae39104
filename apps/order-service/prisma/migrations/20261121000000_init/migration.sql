CREATE TYPE "order_status" AS ENUM ('pending', 'confirmed', 'shipped', 'delivered', 'cancelled');

CREATE TABLE "orders" (
    "id" BIGSERIAL NOT NULL,
    "reference" UUID NOT NULL,
    "order_number" TEXT,
    "user_id" BIGINT NOT NULL,
    "product_id" TEXT NOT NULL,
    "quantity" INTEGER NOT NULL,
    "total_price" DECIMAL(12,2) NOT NULL,
    "user_from_memory" BOOLEAN NOT NULL DEFAULT false,
    "status" "order_status" NOT NULL DEFAULT 'pending',
    "version" INTEGER NOT NULL DEFAULT 1,
    "numbering_after" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "orders_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "orders_product_id_check" CHECK (char_length("product_id") BETWEEN 1 AND 100),
    CONSTRAINT "orders_quantity_check" CHECK ("quantity" BETWEEN 1 AND 1000000),
    CONSTRAINT "orders_total_price_check" CHECK ("total_price" >= 0)
);

CREATE UNIQUE INDEX "orders_reference_key" ON "orders"("reference");
CREATE UNIQUE INDEX "orders_order_number_key" ON "orders"("order_number");
-- What lists are read by, in their order. Deleted orders are not in them: no list has to pass over those.
CREATE INDEX "orders_listed_idx" ON "orders"("id") WHERE "deleted_at" IS NULL;
CREATE INDEX "orders_user_id_id_idx" ON "orders"("user_id", "id") WHERE "deleted_at" IS NULL;
CREATE INDEX "orders_product_id_id_idx" ON "orders"("product_id", "id") WHERE "deleted_at" IS NULL;
CREATE INDEX "orders_status_id_idx" ON "orders"("status", "id") WHERE "deleted_at" IS NULL;

-- What numbering looks through, oldest first: as small as what is left to do.
CREATE INDEX "orders_without_number_idx" ON "orders"("id") WHERE "order_number" IS NULL;

CREATE TABLE "idempotency_records" (
    "caller" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "fingerprint" BYTEA NOT NULL,
    "order_id" BIGINT NOT NULL,
    "answer" JSON,
    "leased_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_records_pkey" PRIMARY KEY ("caller","key")
);

CREATE UNIQUE INDEX "idempotency_records_order_id_key" ON "idempotency_records"("order_id");
CREATE INDEX "idempotency_records_leased_until_idx" ON "idempotency_records"("leased_until");
ALTER TABLE "idempotency_records" ADD CONSTRAINT "idempotency_records_order_id_fkey"
    FOREIGN KEY ("order_id") REFERENCES "orders"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- Events wait here from the commit of their change until they are delivered, and for a while after it.
CREATE TABLE "outbox" (
    "position" BIGSERIAL NOT NULL,
    "subject" TEXT NOT NULL,
    "event" JSON NOT NULL,
    "consumer" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "deliver_after" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "delivered_at" TIMESTAMPTZ(6),

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("position")
);

-- What the relay looks through, oldest first, and by which it knows the first of a subject: as small as the backlog.
-- Every position is above 0. Only a query that says so can use the first index, so that none can take it for the second
-- where the statistics are of a time without a backlog: then both seem to hold a single row.
CREATE INDEX "outbox_pending_idx" ON "outbox"("position") WHERE "delivered_at" IS NULL AND "position" > 0;
CREATE INDEX "outbox_pending_subject_idx" ON "outbox"("subject", "position") WHERE "delivered_at" IS NULL;
-- What is swept.
CREATE INDEX "outbox_delivered_idx" ON "outbox"("delivered_at") WHERE "delivered_at" IS NOT NULL;

-- Events that a consumer in this process could not handle. Those of Redis Streams are in a stream.
CREATE TABLE "dead_events" (
    "id" BIGSERIAL NOT NULL,
    "consumer" TEXT NOT NULL,
    "event" JSON NOT NULL,
    "reason" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "died_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "dead_events_pkey" PRIMARY KEY ("id")
);
