// The real clients against a running edge: node tests/clients.mjs FILE, which holds {"edge":URL,"site":ID,"ids":[…],"flags":[…]}
// Prints one line of JSON: what GrowthBook's SDK, the evaluator of beacon.js and OpenFeature's provider made of what the
// edge serves.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../edge/package.json", import.meta.url));
const { GrowthBook } = require("@growthbook/growthbook");
const { OpenFeature } = require("@openfeature/web-sdk");
const { OFREPWebProvider } = require("@openfeature/ofrep-web-provider");

import { feature, run, variationKey } from "../edge/sdk/dist/evaluator.mjs";

const given = JSON.parse(readFileSync(process.argv[2], "utf8"));

/** By id: the key of the variation in each experiment, or null; and each flag's value. */
async function growthbook() {
  const book = new GrowthBook({ apiHost: given.edge, clientKey: given.site });
  const { success, error } = await book.init({ timeout: 10_000 });
  if (!success) throw error;
  const experiments = book.getExperiments();
  const variants = {};
  const values = {};
  for (const id of given.ids) {
    await book.setAttributes({ id, country: "NL" });
    variants[id] = experiments.map((experiment) => {
      const result = book.run(experiment);
      return result.inExperiment ? result.key : null;
    });
    values[id] = given.flags.map((key) => book.getFeatureValue(key, "none"));
  }
  book.destroy();
  return { keys: experiments.map((experiment) => experiment.key), variants, values };
}

/** The same, by the evaluator that pages load. */
async function beaconJs() {
  const payload = await (await fetch(`${given.edge}/api/features/${given.site}`)).json();
  const variants = {};
  const values = {};
  for (const id of given.ids) {
    const context = { ...payload, attributes: { id, country: "NL" } };
    variants[id] = payload.experiments.map((experiment) => {
      const { index } = run(experiment, context);
      return index < 0 ? null : variationKey(experiment, index);
    });
    values[id] = given.flags.map((key) => feature(key, context).value ?? "none");
  }
  return { keys: payload.experiments.map((experiment) => experiment.key), variants, values };
}

/** Each flag's value, variant and reason for the first ids, and what came over the network. */
async function openfeature() {
  const requests = [];
  const fetchImplementation = async (request, options) => {
    const response = await fetch(request, options);
    requests.push({ status: response.status, etag: response.headers.get("etag") });
    return response;
  };
  const provider = new OFREPWebProvider({
    baseUrl: `${given.edge}/sites/${given.site}`,
    pollInterval: -1,
    fetchImplementation,
  });
  const details = {};
  let ready = false;
  for (const id of given.ids.slice(0, 25)) {
    await OpenFeature.setContext({ targetingKey: id, country: "NL" });
    if (!ready) await OpenFeature.setProviderAndWait(provider);
    ready = true;
    const client = OpenFeature.getClient();
    details[id] = given.flags.map((key) => {
      const { value, variant, reason, errorCode } = client.getStringDetails(key, "none");
      return { value, variant, reason, errorCode };
    });
  }
  const unknown = OpenFeature.getClient().getStringDetails("nobodys", "none");
  // The same question again, with the tag of its answer: nothing new comes.
  await provider._fetchFlags(OpenFeature.getContext());
  await OpenFeature.close();
  return { details, unknown: unknown.errorCode, requests };
}

const seen = { growthbook: await growthbook(), beacon_js: await beaconJs(), openfeature: await openfeature() };
process.stdout.write(`${JSON.stringify(seen)}\n`);
