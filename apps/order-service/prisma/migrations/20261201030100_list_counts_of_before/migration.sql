-- The orders from before there were counts. A migration of its own: the triggers are there, and the lock that they took
-- to be made is released, so that orders are written while these are counted.
SELECT "recount_listed"();
