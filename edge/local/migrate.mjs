// Applies edge/migrations/NNNN_name.sql to a D1 database, each once and each atomically.

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Cuts SQL into statements: `;` counts only outside quotes, comments and a trigger's BEGIN … END. */
export function statements(sql) {
  const tokens = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\b(?:BEGIN|CASE|END)\b|;/gi;
  const found = [];
  let depth = 0;
  let text = "";
  let at = 0;
  for (const { 0: token, index } of sql.matchAll(tokens)) {
    text += sql.slice(at, index);
    at = index + token.length;
    if (token.startsWith("--") || token.startsWith("/*")) continue;
    if (/^(BEGIN|CASE)$/i.test(token)) depth += 1;
    if (/^END$/i.test(token)) depth -= 1;
    if (token === ";" && depth === 0) {
      found.push(text.trim());
      text = "";
    } else {
      text += token;
    }
  }
  found.push((text + sql.slice(at)).trim());
  return found.filter(Boolean);
}

/** Applies what is new, in order; gives the names of what it applied. */
export async function migrate(db, folder) {
  await db.prepare("CREATE TABLE IF NOT EXISTS _migrations (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL)").run();
  const { results } = await db.prepare("SELECT name FROM _migrations").all();
  const done = new Set(results.map((row) => row.name));
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^\d{4}_.+\.sql$/.test(name)).sort();
  const applied = [];
  for (const name of names.filter((name) => !done.has(name))) {
    const sql = await readFile(join(folder, name), "utf8");
    const record = db.prepare("INSERT INTO _migrations VALUES (?, datetime('now'))").bind(name);
    await db.batch([...statements(sql).map((statement) => db.prepare(statement)), record]);
    applied.push(name);
  }
  return applied;
}
