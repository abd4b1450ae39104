-- The shape that libs/idempotency has for all services: what a request has made is its resource, here the order.
ALTER TABLE "idempotency_records" RENAME COLUMN "order_id" TO "resource_id";
ALTER INDEX "idempotency_records_order_id_key" RENAME TO "idempotency_records_resource_id_key";
ALTER TABLE "idempotency_records"
    RENAME CONSTRAINT "idempotency_records_order_id_fkey" TO "idempotency_records_resource_id_fkey";
