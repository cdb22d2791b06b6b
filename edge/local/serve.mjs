// Runs the built edge on workerd, offline, with its state in a folder:
//   node edge/local/serve.mjs --port P --state DIR --admin-key KEY [--build DIR]
// Prints `ready http://127.0.0.1:P` on stdout once it serves; everything else goes to stderr.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { migrate } from "./migrate.mjs";

const edge = dirname(dirname(fileURLToPath(import.meta.url)));
const log = (message) => process.stderr.write(`edge: ${message}\n`);

function fail(message) {
  log(message);
  process.exit(2);
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "0" },
        state: { type: "string" },
        "admin-key": { type: "string" },
        build: { type: "string", default: join(edge, "build") },
        "evaluations-per-minute": { type: "string", default: "100000" },
      },
    });
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65535) fail(`--port must be 0 to 65535, not ${values.port}.`);
    if (!values.state) fail("--state is missing: name the folder that keeps the edge's data.");
    if (!values["admin-key"]) fail("--admin-key is missing: give the key that the desktop will connect with.");
    const build = resolve(values.build);
    if (!existsSync(join(build, "index.js"))) fail(`${build} holds no built worker: run \`cargo xtask build edge\`.`);
    const limit = Number(values["evaluations-per-minute"]);
    if (!Number.isInteger(limit) || limit < 1) fail("--evaluations-per-minute must be a whole number above 0.");
    return { limit, port, build, state: resolve(values.state), adminKey: values["admin-key"] };
  } catch (error) {
    fail(error.message);
  }
}

const given = options();
const tied = process.platform === "linux" && spawnSync("setpriv", ["--version"]).status === 0;
if (tied) {
  // Must stand before Miniflare is loaded, which reads it once.
  process.env.BEACON_WORKERD = createRequire(import.meta.url)("workerd").default;
  process.env.MINIFLARE_WORKERD_PATH = join(edge, "local", "workerd");
}
const { Log, LogLevel, Miniflare } = await import("miniflare");

/** Miniflare logs to stdout, which is kept for the one line that callers wait for. */
class StderrLog extends Log {
  log(message) {
    process.stderr.write(`${message}\n`);
  }
}

const folder = (name) => {
  const path = join(given.state, name);
  mkdirSync(path, { recursive: true });
  return path;
};

const edgeWorker = new Miniflare({
  host: "127.0.0.1",
  port: given.port,
  log: new StderrLog(LogLevel.WARN),
  handleRuntimeStdio(stdout, stderr) {
    stdout.pipe(process.stderr, { end: false });
    stderr.pipe(process.stderr, { end: false });
  },
  // Cloudflare fills request.cf in production; Miniflare would ask the network for it.
  cf: { country: "NL", continent: "EU", region: "North Holland", city: "Amsterdam", timezone: "Europe/Amsterdam" },
  name: "beacon-edge",
  compatibilityDate: "2026-07-01",
  modulesRoot: given.build,
  modules: [
    { type: "ESModule", path: join(given.build, "index.js") },
    { type: "CompiledWasm", path: join(given.build, "index_bg.wasm") },
  ].filter((module) => existsSync(module.path)),
  bindings: { ADMIN_KEY: given.adminKey },
  d1Databases: { DB: "beacon" },
  d1Persist: folder("d1"),
  kvNamespaces: { BUNDLES: "bundles" },
  kvPersist: folder("kv"),
  r2Buckets: { STORE: "store" },
  r2Persist: folder("r2"),
  // Everything on this machine comes from one address, so only the limit under test is a tight one.
  ratelimits: {
    EVALUATIONS: { namespace_id: "1001", simple: { limit: given.limit, period: 60 } },
    COLLECTIONS: { namespace_id: "1002", simple: { limit: 100000, period: 60 } },
    REFUSALS: { namespace_id: "1003", simple: { limit: 10000, period: 60 } },
    SITES: { namespace_id: "1004", simple: { limit: 100000, period: 60 } },
  },
  durableObjects: { SITE_LOG: { className: "SiteLog", useSQLite: true } },
  durableObjectsPersist: folder("do"),
});

let ending = false;
async function end(code) {
  if (ending) return;
  ending = true;
  await edgeWorker.dispose().catch((error) => log(error.message));
  process.exit(code);
}
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => end(0));

try {
  const url = await edgeWorker.ready;
  const applied = await migrate(await edgeWorker.getD1Database("DB"), join(edge, "migrations"));
  if (applied.length > 0) log(`applied ${applied.join(", ")}`);
  process.stdout.write(`ready ${url.origin}\n`);
} catch (error) {
  log(error.message);
  await end(1);
}
