// Computes Beacon's own reference cases with GrowthBook's JavaScript, which is not a part of Beacon:
//   node tests/vectors/make.mjs > tests/vectors/evaluation.json
// The inputs are Beacon's; the expected values are whatever that package answers.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../../edge/package.json", import.meta.url));
const main = require.resolve("@growthbook/growthbook");
const module = (name) => import(pathToFileURL(main.replace(/dist.*$/, `dist/esm/${name}.mjs`)));
const { GrowthBook, StickyBucketService } = await module("index").then(async (index) => ({
  ...index,
  ...(await module("sticky-bucket-service")),
}));
const { evalCondition } = await module("mongrule");
const util = await module("util");

const ids = ["1", "visitor-7", "zoë", "Ω≈ç√", "日本語", "😀", "a😀b", "İstanbul", "e\u0301", "\u00e9", "id with spaces", "0"];

const hash = ids.flatMap((id) => [
  ["hero", id, 1],
  ["hero", id, 2],
  ["größe", id, 2],
]);
hash.push(["hero", "1", 3], ["", "", 2], ["", "", 1]);

const conditions = [
  ["nothing is asked", {}, {}],
  ["a text", { country: "NL" }, { country: "NL" }],
  ["a text outside ASCII", { city: "Zürich" }, { city: "Zürich" }],
  ["another text", { city: "Zürich" }, { city: "Zu\u0308rich" }],
  ["a number for a text", { plan: "5" }, { plan: 5 }],
  ["a text for a number", { plan: 5 }, { plan: "5" }],
  ["a path", { "utm.source": "mail" }, { utm: { source: "mail" } }],
  ["a path into a list", { "tags.1": "b" }, { tags: ["a", "b"] }],
  ["a path to nowhere", { "utm.source": "mail" }, { utm: "mail" }],
  ["null for missing", { plan: null }, {}],
  ["null is not false", { plan: false }, { plan: null }],
  ["null is zero", { plan: 0 }, {}],
  ["true for any text", { plan: true }, { plan: "x" }],
  ["a list as it is", { tags: ["a", 1] }, { tags: ["a", 1] }],
  ["$eq is strict", { n: { $eq: 5 } }, { n: "5" }],
  ["$ne of missing", { n: { $ne: 5 } }, {}],
  ["$eq null and missing", { n: { $eq: null } }, {}],
  ["numbers in order", { n: { $gt: 9, $lte: 10 } }, { n: 10 }],
  ["texts in order", { n: { $gt: "9" } }, { n: "10" }],
  ["texts outside ASCII in order", { n: { $gt: "z" } }, { n: "é" }],
  ["a wide character before a high one", { n: { $lt: "\uffee" } }, { n: "😀" }],
  ["a text and a number in order", { n: { $gt: 9 } }, { n: "10" }],
  ["words are no numbers", { n: { $lt: 9 } }, { n: "ten" }],
  ["missing is less than one", { n: { $lt: 1 } }, {}],
  ["exists", { n: { $exists: true } }, { n: 0 }],
  ["exists not", { n: { $exists: false } }, { n: null }],
  ["in a list", { country: { $in: ["NL", "BE"] } }, { country: "BE" }],
  ["one of its own list", { tags: { $in: ["x", "b"] } }, { tags: ["a", "b"] }],
  ["none of its own list", { tags: { $nin: ["x", "b"] } }, { tags: ["a", "b"] }],
  ["in what is no list", { country: { $in: "NL" } }, { country: "NL" }],
  ["in a list, any case", { city: { $ini: ["ZÜRICH"] } }, { city: "zürich" }],
  ["not in a list, any case", { city: { $nini: ["ZÜRICH"] } }, { city: "zürich" }],
  ["all of a list", { tags: { $all: ["a", { $regex: "^b" }] } }, { tags: ["bb", "a"] }],
  ["all, any case", { tags: { $alli: ["A"] } }, { tags: ["a"] }],
  ["size", { tags: { $size: { $gte: 2 } } }, { tags: [1, 2] }],
  ["size of no list", { tags: { $size: 1 } }, { tags: "a" }],
  ["an element of a list", { carts: { $elemMatch: { total: { $gt: 50 }, open: true } } }, { carts: [{ total: 60, open: false }, { total: 70, open: true }] }],
  ["nulls are no elements", { tags: { $elemMatch: { $ne: "a" } } }, { tags: [null] }],
  ["not of missing", { plan: { $not: { $eq: "pro" } } }, {}],
  ["an expression", { mail: { $regex: "^[\\w.-]+@shop\\.example$" } }, { mail: "a.b-c@shop.example" }],
  ["an expression, ASCII digits", { n: { $regex: "^\\d+$" } }, { n: "٤٢" }],
  ["an expression, ASCII words", { n: { $regex: "^\\w+$" } }, { n: "größe" }],
  ["an expression, any case", { path: { $regexi: "^/SALE" } }, { path: "/sale/shoes" }],
  ["an expression with slashes", { path: { $regex: "^\\/a\\/b" } }, { path: "/a/b" }],
  ["a class with a bracket", { n: { $regex: "^[[\\]]+$" } }, { n: "[]" }],
  ["a broken expression", { n: { $regex: "(" } }, { n: "(" }],
  ["type", { n: { $type: "array" } }, { n: [] }],
  ["type of missing", { n: { $type: "null" } }, {}],
  ["or", { $or: [{ a: 1 }, { b: 2 }] }, { b: 2 }],
  ["or of nothing", { $or: [] }, {}],
  ["nor", { $nor: [{ a: 1 }, { b: 2 }] }, { a: 2, b: 1 }],
  ["not", { $not: { $and: [{ a: 1 }, { b: 2 }] } }, { a: 1, b: 3 }],
  ["an unknown operator", { a: { $near: 1 } }, { a: 1 }],
  ["versions", { v: { $vgte: "1.9.0", $vlt: "1.10.0" } }, { v: "1.9.12" }],
  ["a prerelease", { v: { $vlt: "2.0.0" } }, { v: "2.0.0-rc.1" }],
  ["version metadata", { v: { $veq: "v1.2.3+build" } }, { v: "1.2.3" }],
  ["a version that is a number", { v: { $vgt: "1" } }, { v: 2 }],
  ["a version that is missing", { v: { $vlt: "0.0.1" } }, {}],
  ["in a group", { id: { $inGroup: "staff" } }, { id: "ann" }, { staff: ["ann", 7] }],
  ["groups are strict", { id: { $inGroup: "staff" } }, { id: "7" }, { staff: ["ann", 7] }],
  ["not in a group", { id: { $notInGroup: "staff" } }, { id: "bob" }, { staff: ["ann", 7] }],
  ["not in a group that is none", { id: { $notInGroup: "nobody" } }, { id: "bob" }, {}],
  ["a newer group", { id: { $inGroup: "staff" } }, { id: "ann" }, { staff: { type: "list", values: ["ann"] } }],
  ["an opaque group", { id: { $notInGroup: "staff" } }, { id: "ann" }, { staff: { type: "condition", condition: {} } }],
];

const hero = (more) => ({ key: "hero", variations: ["a", "b", "c"], weights: [0.2, 0.3, 0.5], hashVersion: 2, ...more });
const page = "https://shop.example/sale/shoes?hero=1&x=2#top";
const on = (pattern, type = "simple", include = true) => ({ urlPatterns: [{ type, pattern, include }] });
const runs = [
  ...ids.map((id) => [`id ${id}`, { attributes: { id } }, hero({})]),
  ["a number as id", { attributes: { id: 42 } }, hero({})],
  ["a fraction as id", { attributes: { id: 4.5 } }, hero({})],
  ["true as id", { attributes: { id: true } }, hero({})],
  ["zero as id", { attributes: { id: 0 } }, hero({})],
  ["an empty id", { attributes: { id: "" } }, hero({})],
  ["a path is no attribute to hash", { attributes: { user: { id: "7" } } }, hero({ hashAttribute: "user.id" })],
  ["half the visitors, out", { attributes: { id: "3" } }, hero({ coverage: 0.1 })],
  ["weights that do not sum", { attributes: { id: "3" } }, hero({ weights: [0.5, 0.1, 0.1] })],
  ["an unknown hash version", { attributes: { id: "3" } }, hero({ hashVersion: 5 })],
  ["a namespace, in", { attributes: { id: "visitor-7" } }, hero({ namespace: ["page", 0, 0.9] })],
  ["a namespace, out", { attributes: { id: "visitor-7" } }, hero({ namespace: ["page", 0.99, 1] })],
  ["a filter on another attribute", { attributes: { id: "1", account: "zoë" } }, hero({ filters: [{ seed: "s", attribute: "account", ranges: [[0, 0.5], [0.5, 1]] }] })],
  ["a filter without a value", { attributes: { id: "1" } }, hero({ filters: [{ seed: "s", attribute: "account", ranges: [[0, 1]] }] })],
  ["forced by the page", { attributes: { id: "1" }, url: page }, hero({})],
  ["forced by the caller", { attributes: {}, forcedVariations: { hero: 2 } }, hero({ active: false })],
  ["forced out by the caller", { attributes: { id: "1" }, forcedVariations: { hero: -1 } }, hero({})],
  ["a test mode", { attributes: { id: "1" }, qaMode: true }, hero({})],
  ["stopped", { attributes: { id: "1" } }, hero({ status: "stopped" })],
  ["a draft", { attributes: { id: "1" } }, hero({ status: "draft" })],
  ["a page that is targeted", { attributes: { id: "1" }, url: page.replace("hero", "y") }, hero(on("/sale/*"))],
  ["a host that is targeted", { attributes: { id: "1" }, url: page.replace("hero", "y") }, hero(on("*.example/sale/shoes"))],
  ["a host that is not", { attributes: { id: "1" }, url: page.replace("hero", "y") }, hero(on("blog.example/*"))],
  ["a path without a slash", { attributes: { id: "1" }, url: page.replace("hero", "y") }, hero(on("sale/*"))],
  ["a parameter that is targeted", { attributes: { id: "1" }, url: page.replace("hero", "y") }, hero(on("/sale/shoes?x=2"))],
  ["an excluded page", { attributes: { id: "1" }, url: page.replace("hero", "y") }, hero(on("/sale/*", "simple", false))],
  ["an expression for a page", { attributes: { id: "1" }, url: page.replace("hero", "y") }, hero(on("^/sale/\\w+", "regex"))],
  ["no page at all", { attributes: { id: "1" } }, hero(on("/admin", "simple", false))],
  ["a prerequisite that holds", { attributes: { id: "1" }, features: { open: { defaultValue: true } } }, hero({ parentConditions: [{ id: "open", condition: { value: true } }] })],
  ["a prerequisite that nobody knows", { attributes: { id: "1" }, features: {} }, hero({ parentConditions: [{ id: "open", condition: { value: true } }] })],
];

const flags = {
  checkout: {
    defaultValue: { steps: 3 },
    rules: [
      { id: "staff", condition: { id: { $inGroup: "staff" } }, force: { steps: 1 } },
      { id: "gate", parentConditions: [{ id: "shop", condition: { value: { $exists: true } }, gate: true }] },
      { id: "dutch", condition: { country: "NL" }, coverage: 0.3, hashVersion: 2, seed: "checkout:dutch", force: { steps: 2 } },
      { id: "test", key: "checkout-test", variations: [{ steps: 3 }, { steps: 4 }], weights: [0.5, 0.5], hashVersion: 2, coverage: 0.8, meta: [{ key: "control", name: "As it is" }, { key: "longer" }], phase: "1" },
    ],
  },
  shop: { defaultValue: "open", rules: [{ condition: { "site.closed": true }, force: null }] },
  held: {
    defaultValue: "default",
    rules: [
      { key: "holdout", variations: ["held", "free"], ranges: [[0, 0.3], [0.3, 1]], hashVersion: 2, meta: [{ key: "in" }, { key: "out", passthrough: true }] },
      { key: "inner", variations: ["x", "y"], ranges: [[0, 0.5], [0.5, 1]], hashVersion: 2 },
    ],
  },
  self: { defaultValue: 1, rules: [{ parentConditions: [{ id: "other" }], force: 2 }] },
  other: { defaultValue: 1, rules: [{ parentConditions: [{ id: "self" }], force: 2 }] },
  empty: { rules: [{}, { variations: ["only"] }] },
};
const context = (attributes) => ({ attributes, features: flags, savedGroups: { staff: ["ann"] } });
const features = [
  ["a member of the group", context({ id: "ann" }), "checkout"],
  ["a closed shop", context({ id: "bob", site: { closed: true } }), "checkout"],
  ...ids.slice(0, 9).flatMap((id) => [
    [`checkout for ${id}`, context({ id, country: "NL" }), "checkout"],
    [`held for ${id}`, context({ id }), "held"],
  ]),
  ["a circle", context({ id: "1" }), "self"],
  ["rules that say nothing", context({ id: "1" }), "empty"],
  ["nobody's flag", context({ id: "1" }), "nothing"],
];

const sticky = (more) => ({
  price: { defaultValue: 0, rules: [{ key: "price", hashAttribute: "id", fallbackAttribute: "device", hashVersion: 2, variations: [1, 2, 3], meta: [{ key: "a" }, { key: "b" }, { key: "c" }], ...more }] },
});
const document = (name, value, assignments) => ({ attributeName: name, attributeValue: value, assignments });
const stuck = [
  ["a new visitor", { attributes: { id: "zoë" }, features: sticky({}) }, []],
  ["a known visitor", { attributes: { id: "zoë" }, features: sticky({ weights: [1, 0, 0] }) }, [document("id", "zoë", { price__0: "c" })]],
  ["known by the device", { attributes: { id: "zoë", device: "d1" }, features: sticky({}) }, [document("device", "d1", { price__0: "b" })]],
  ["known by both", { attributes: { id: "zoë", device: "d1" }, features: sticky({}) }, [document("device", "d1", { price__0: "b" }), document("id", "zoë", { price__0: "a", other__0: "x" })]],
  ["a device alone", { attributes: { device: "d1" }, features: sticky({}) }, []],
  ["no longer eligible, but known", { attributes: { id: "zoë" }, features: sticky({ condition: { country: "NL" } }) }, [document("id", "zoë", { price__0: "b" })]],
  ["a variation that is gone", { attributes: { id: "zoë" }, features: sticky({}) }, [document("id", "zoë", { price__0: "gone" })]],
  ["a blocked version", { attributes: { id: "zoë" }, features: sticky({ bucketVersion: 2, minBucketVersion: 2 }) }, [document("id", "zoë", { price__1: "a" })]],
  ["a newer version", { attributes: { id: "zoë" }, features: sticky({ bucketVersion: 2 }) }, [document("id", "zoë", { price__1: "a" })]],
  ["not sticky", { attributes: { device: "d1" }, features: sticky({ disableStickyBucketing: true }) }, []],
];

const split = (more) => ({ key: "split", ...on("https://shop.example/a*"), weights: [0, 1], variations: [{}, { urlRedirect: "https://shop.example/new?ref=test" }], ...more });
const at = (url, ...experiments) => ({ attributes: { id: "1" }, url, experiments });
const redirects = [
  ["a plain redirect", at("https://shop.example/a?x=1", split({}))],
  ["parameters kept", at("https://shop.example/a?x=1&ref=mail&x=2", split({ persistQueryString: true }))],
  ["spaces and more kept", at("https://shop.example/a?q=a%20b%26c", split({ persistQueryString: true }))],
  ["only the first", at("https://shop.example/a", split({ key: "other", ...on("/b") }), split({}), split({ key: "third" }))],
  ["another page", at("https://shop.example/b", split({}))],
];

const bandit = (more, leaves) => ({
  features: { offer: { defaultValue: "none", rules: [{ key: "offer", hashVersion: 2, contextualVariations: ["small", "large"], weights: [0.5, 0.5], meta: [{ key: "s" }, { key: "l" }], contextualBanditRef: "b", ...more }] } },
  contextualBandits: { b: { banditVersion: 3, contexts: leaves } },
});
const leaves = [{ leafId: 4, condition: { plan: "pro" }, weights: [0.9, 0.1] }, { leafId: 5, condition: { plan: { $in: ["free"] } }, weights: [0, 1] }];
const bandits = [
  ["the first leaf", { attributes: { id: "zoë", plan: "pro" }, ...bandit({}, leaves) }],
  ["the second leaf", { attributes: { id: "zoë", plan: "free" }, ...bandit({}, leaves) }],
  ["no leaf", { attributes: { id: "zoë" }, ...bandit({}, leaves) }],
  ["no leaves", { attributes: { id: "zoë" }, ...bandit({}, undefined) }],
  ["a bandit that nobody knows", { attributes: { id: "zoë" }, ...bandit({ contextualBanditRef: "c" }, leaves) }],
  ["not eligible", { attributes: { id: "zoë", plan: "pro" }, ...bandit({ condition: { country: "NL" } }, leaves) }],
  ["forced by the caller", { attributes: { id: "zoë", plan: "pro" }, forcedVariations: { offer: 1 }, ...bandit({}, leaves) }],
];

const same = (value) => JSON.parse(JSON.stringify(value));
const silent = (make) => {
  const error = console.error;
  console.error = () => {};
  try {
    return make();
  } finally {
    console.error = error;
  }
};

class Memory extends StickyBucketService {
  documents = new Map();
  async getAssignments(name, value) {
    return this.documents.get(this.getKey(name, value)) ?? null;
  }
  async saveAssignments(document) {
    this.documents.set(this.getKey(document.attributeName, document.attributeValue), document);
  }
}

async function afterwards([name, given, stored]) {
  const service = new Memory();
  for (const one of stored) await service.saveAssignments(one);
  const book = new GrowthBook({ ...same(given), stickyBucketService: service });
  await book.refreshStickyBuckets();
  const result = book.evalFeature("price").experimentResult ?? null;
  return [name, given, stored, "price", same(result), same(book.getAttributes() && book._options.stickyBucketAssignmentDocs)];
}

async function redirected([name, given]) {
  const seen = [];
  const book = new GrowthBook({
    ...same(given),
    navigate: () => {},
    trackingCallback: (_, result) => seen.push(result),
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  const results = seen.map((result) => ({
    inExperiment: result.inExperiment,
    urlRedirect: result.value.urlRedirect,
    urlWithParams: book.getRedirectUrl(),
  }));
  book.destroy();
  return [name, given, results];
}

const out = {
  specVersion: "0.8.0",
  evalCondition: silent(() =>
    conditions.map(([name, condition, attributes, groups]) => {
      const expected = evalCondition(attributes, condition, groups);
      return groups ? [name, condition, attributes, expected, groups] : [name, condition, attributes, expected];
    }),
  ),
  hash: hash.map(([seed, value, version]) => [seed, value, version, util.hash(seed, value, version)]),
  getBucketRange: silent(() =>
    [[2, 1, null], [3, 0.5, [0.2, 0.3, 0.5]], [3, 2, null], [2, -1, null], [2, 1, [0.2, 0.3]], [1, 1, [1]]].map((input) => [
      JSON.stringify(input),
      input,
      util.getBucketRanges(input[0], input[1], input[2] ?? undefined),
    ]),
  ),
  chooseVariation: [0, 0.1999, 0.2, 0.75, 0.9999].map((n) => {
    const ranges = [[0, 0.2], [0.3, 0.5], [0.5, 0.8]];
    return [`at ${n}`, n, ranges, util.chooseVariation(n, ranges)];
  }),
  getEqualWeights: [0, 1, 3, 8].map((n) => [n, util.getEqualWeights(n)]),
  inNamespace: ids.map((id) => [`id ${id}`, id, ["größe", 0.2, 0.7], util.inNamespace(id, ["größe", 0.2, 0.7])]),
  getQueryStringOverride: ["?hero=1", "?hero=2", "?a&hero=0#f", "?hero=x", "?hero=1x", "?hero=-1", "?HERO=1", "#?hero=1", "", "?hero", "?hero=0?hero=1"].map((query) => [
    `query ${query}`,
    "hero",
    `https://shop.example/${query}`,
    2,
    util.getQueryStringOverride("hero", `https://shop.example/${query}`, 2),
  ]),
  feature: features.map(([name, given, key]) => [name, given, key, same(new GrowthBook(same(given)).evalFeature(key))]),
  run: runs.map(([name, given, experiment]) => {
    const result = new GrowthBook(same(given)).run(same(experiment));
    return [name, given, experiment, result.value, result.inExperiment, result.hashUsed];
  }),
  contextualBandit: bandits.map(([name, given]) => [name, given, "offer", same(new GrowthBook(same(given)).evalFeature("offer"))]),
  stickyBucket: await Promise.all(stuck.map(afterwards)),
  urlRedirect: await Promise.all(redirects.map(redirected)),
};

const groups = Object.entries(out).map(([name, cases]) => {
  const lines = Array.isArray(cases) ? `[\n${cases.map((one) => `    ${JSON.stringify(one)}`).join(",\n")}\n  ]` : JSON.stringify(cases);
  return `  ${JSON.stringify(name)}: ${lines}`;
});
process.stdout.write(`{\n${groups.join(",\n")}\n}\n`);
