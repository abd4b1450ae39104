-- Under which key the sequencer is asked: 1 is the order's reference, n > 1 is `{reference}:{n}`. Counted on, and
-- committed, before the next key is used, so that a crash neither skips a key nor uses one for two requests.
ALTER TABLE "orders" ADD COLUMN "numbering_attempt" INTEGER NOT NULL DEFAULT 1,
    ADD CONSTRAINT "orders_numbering_attempt_check" CHECK ("numbering_attempt" >= 1);

-- The audit of numbers that the sequencer answered and that an order could not take.
CREATE TABLE "number_conflicts" (
    "id" BIGSERIAL NOT NULL,
    "order_id" BIGINT NOT NULL,
    "key" TEXT NOT NULL,
    "number" TEXT,
    "held_by_order_id" BIGINT,
    "reason" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "number_conflicts_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "number_conflicts_reason_check" CHECK ("reason" IN
        ('held_by_another_order', 'no_longer_issued', 'key_used_elsewhere', 'order_has_another_number'))
);

CREATE INDEX "number_conflicts_order_id_idx" ON "number_conflicts"("order_id");
ALTER TABLE "number_conflicts" ADD CONSTRAINT "number_conflicts_order_id_fkey"
    FOREIGN KEY ("order_id") REFERENCES "orders"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "number_conflicts" ADD CONSTRAINT "number_conflicts_held_by_order_id_fkey"
    FOREIGN KEY ("held_by_order_id") REFERENCES "orders"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
