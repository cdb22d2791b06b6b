-- The edge stamps every change that it accepts. The cursor holds the stamp of the last change read, and the newest change
-- that the edge ever spoke of, so that a restore is noticed whatever comes back after it.
ALTER TABLE cursor ADD COLUMN stamp TEXT NOT NULL DEFAULT '';
ALTER TABLE cursor ADD COLUMN newest_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cursor ADD COLUMN newest_stamp TEXT NOT NULL DEFAULT '';
