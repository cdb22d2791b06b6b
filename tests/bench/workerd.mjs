// The scenario of flags.rs as wasm on workerd. A clock inside a worker stands still while it computes, so the time is
// taken outside: what a request for many rounds takes beyond one for none.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../edge/package.json", import.meta.url));
const { Miniflare } = require("miniflare");

/** Rounds in one request: long against what a request costs. */
const ROUNDS = 10;

const WORKER = `
import module from "./flags.wasm";
const { exports } = new WebAssembly.Instance(module, {});
export default { fetch: (request) => new Response(String(exports.rounds(Number(new URL(request.url).search.slice(1))))) };
`;

/** Nanoseconds an evaluation, one number for each of `samples`, and how many evaluations an experiment decided. */
export async function measure(wasm, samples, evaluations) {
  const workerd = new Miniflare({
    modules: [
      { type: "ESModule", path: "worker.mjs", contents: WORKER },
      { type: "CompiledWasm", path: "flags.wasm", contents: readFileSync(wasm) },
    ],
    compatibilityDate: "2026-07-01",
    cf: false,
  });
  try {
    const ask = async (rounds) => {
      const start = process.hrtime.bigint();
      const answer = await (await workerd.dispatchFetch(`http://bench/?${rounds}`)).text();
      return [Number(process.hrtime.bigint() - start), Number(answer)];
    };
    const [, experiments] = await ask(ROUNDS);
    const nanoseconds = [];
    for (let i = 0; i < samples; i++) {
      const [[nothing], [all]] = [await ask(0), await ask(ROUNDS)];
      nanoseconds.push((all - nothing) / (ROUNDS * evaluations));
    }
    return { nanoseconds, experiments };
  } finally {
    await workerd.dispose();
  }
}
