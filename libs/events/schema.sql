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
