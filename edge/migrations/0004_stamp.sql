-- Every accepted change gets a stamp that nothing else ever has. Numbers and op ids repeat themselves after a restore, when
-- devices send again what it undid; a number together with its stamp names one history.
ALTER TABLE changes ADD COLUMN stamp TEXT NOT NULL DEFAULT '';
