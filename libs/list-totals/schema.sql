CREATE TABLE "list_counts" (
    "id" BIGSERIAL NOT NULL,
    "key" TEXT NOT NULL,
    "change" BIGINT NOT NULL,

    CONSTRAINT "list_counts_pkey" PRIMARY KEY ("id")
);
