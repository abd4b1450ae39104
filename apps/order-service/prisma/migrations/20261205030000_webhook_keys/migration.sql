-- Keys of requests about webhooks are kept with those of orders. They have made no order.
ALTER TABLE "idempotency_records" ALTER COLUMN "resource_id" DROP NOT NULL;

-- A request that made a webhook is shown its secret again while the webhook has that secret.
INSERT INTO "idempotency_records" ("caller", "key", "fingerprint", "answer", "leased_until")
SELECT "created_by", "idempotency_key", decode("fingerprint", 'hex'), json_build_object('webhook', "id", 'digest',
    CASE WHEN "previous_secret" IS NULL THEN encode(sha256(convert_to("secret", 'UTF8')), 'hex') ELSE '' END), now()
FROM "webhooks" WHERE "idempotency_key" IS NOT NULL
ON CONFLICT DO NOTHING;

DROP INDEX "webhooks_created_by_idempotency_key_key";
ALTER TABLE "webhooks" DROP COLUMN "idempotency_key", DROP COLUMN "fingerprint";
