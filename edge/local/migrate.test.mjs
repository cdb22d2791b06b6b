import assert from "node:assert/strict";
import { test } from "node:test";

import { statements } from "./migrate.mjs";

test("a semicolon in a quote, a comment or a trigger does not end a statement", () => {
  const sql = `
    -- first; the table
    CREATE TABLE a (x TEXT DEFAULT 'it''s; fine', "y;z" INT); /* then; this */
    CREATE TRIGGER t AFTER INSERT ON a BEGIN
      UPDATE a SET x = CASE WHEN x IS NULL THEN ';' ELSE x END;
      DELETE FROM a;
    END;
    CREATE INDEX i ON a (x)`;
  const found = statements(sql);
  assert.equal(found.length, 3);
  assert.match(found[0], /^CREATE TABLE a .*'it''s; fine', "y;z" INT\)$/);
  assert.match(found[1], /DELETE FROM a;\s+END$/);
  assert.equal(found[2], "CREATE INDEX i ON a (x)");
});

test("nothing but comments is no statement", () => assert.deepEqual(statements("-- a;\n/* b; */ ;"), []));
