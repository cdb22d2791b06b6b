// Evaluates all flags for all visitors, many times:
//   node evaluation.mjs growthbook|beacon.js|workerd < {payload,visitors,rounds}
// Prints JSON: nanoseconds an evaluation by round, and how many evaluations an experiment decided.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { measure } from "./workerd.mjs";

const require = createRequire(new URL("../../edge/package.json", import.meta.url));
const { payload, visitors, rounds } = JSON.parse(readFileSync(0, "utf8"));
const keys = Object.keys(payload.features);

/** One function for each visitor: from a flag's key to why it has its value. */
const evaluators = {
  growthbook: async () => {
    const { GrowthBook } = require("@growthbook/growthbook");
    return visitors.map((attributes) => {
      const book = new GrowthBook({ attributes }).initSync({ payload: structuredClone(payload) });
      return (key) => book.evalFeature(key).source;
    });
  },
  "beacon.js": async () => {
    const { feature } = await import(new URL("../../edge/sdk/dist/evaluator.mjs", import.meta.url));
    return visitors.map((attributes) => {
      const context = { ...payload, attributes };
      return (key) => feature(key, context).source;
    });
  },
};

function measureHere(asked) {
  const round = () => {
    let experiments = 0;
    for (const ask of asked) for (const key of keys) if (ask(key) === "experiment") experiments += 1;
    return experiments;
  };
  const experiments = round();
  // Both engines' compilers are warm after this.
  for (let i = 0; i < 10; i++) round();
  const nanoseconds = [];
  for (let i = 0; i < rounds; i++) {
    const start = process.hrtime.bigint();
    round();
    nanoseconds.push(Number(process.hrtime.bigint() - start) / (keys.length * asked.length));
  }
  return { nanoseconds, experiments };
}

const name = process.argv[2];
const measured =
  name === "workerd"
    ? await measure(process.env.BEACON_BENCH_WASM, rounds, keys.length * visitors.length)
    : measureHere(await evaluators[name]());
process.stdout.write(JSON.stringify(measured));
