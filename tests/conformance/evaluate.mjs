// Runs the evaluator that beacon.js ships over reference cases: node evaluate.mjs EVALUATOR.mjs < evaluation.json
// Prints one JSON object: for each group, what came of each case. The caller judges whether that is right.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

import { definitionOf, resultOf } from "./specified.mjs";

const sdk = await import(pathToFileURL(process.argv[2]));

/** The visitor of a case; assignments are kept in the evaluator's own form. */
function assignmentsIn(documents) {
  const entries = documents.flatMap(({ attributeName, attributeValue, assignments }) =>
    Object.entries(assignments).map(([id, variation]) => [`${attributeName}||${attributeValue}||${id}`, variation]),
  );
  return Object.fromEntries(entries);
}

function featureResult(context, key) {
  const { value, source, rule, assignment } = sdk.feature(key, context);
  const more = assignment && { experiment: definitionOf(sdk, assignment, key), experimentResult: resultOf(sdk, assignment, key) };
  return { value, on: !!value, off: !value, source, ruleId: rule?.id ?? "", ...more };
}

/** The documents that can matter to this visitor: one for each attribute that an experiment hashes. */
function documentKeys({ features = {}, experiments = [], attributes = {} }) {
  const rules = Object.values(features).flatMap(({ rules = [] }) => rules.filter((rule) => rule.variations ?? rule.contextualVariations));
  const names = [...rules, ...experiments].flatMap((e) => [e.hashAttribute || "id", e.fallbackAttribute || []].flat());
  return new Set(names.map((name) => `${name}||${attributes[name] || ""}`));
}

function sticky([, context, stored, key]) {
  const given = Object.values(context.stickyBucketAssignmentDocs ?? {});
  const mine = documentKeys(context);
  const keyOf = ({ attributeName, attributeValue }) => `${attributeName}||${attributeValue}`;
  const documents = Object.fromEntries(
    structuredClone([...stored, ...given]).filter((d) => mine.has(keyOf(d))).map((d) => [keyOf(d), d]),
  );
  const before = assignmentsIn(Object.values(documents));
  const after = { ...before };
  const { assignment } = sdk.feature(key, { ...context, sticky: before, assigned: after });
  for (const [path, variation] of Object.entries(after).filter(([path, variation]) => before[path] !== variation)) {
    const [attributeName, attributeValue, id] = path.split("||");
    const document = (documents[`${attributeName}||${attributeValue}`] ??= { attributeName, attributeValue, assignments: {} });
    document.assignments[id] = variation;
  }
  return [assignment ? resultOf(sdk, assignment, key) : null, documents];
}

function redirects([, context]) {
  const found = sdk.redirect(context);
  return found ? [{ inExperiment: found.assignment.index >= 0, urlRedirect: found.target, urlWithParams: found.url }] : [];
}

function run([, context, experiment]) {
  const { value, inExperiment, hashUsed } = resultOf(sdk, sdk.run(experiment, context));
  return [value, inExperiment, hashUsed];
}

const groups = {
  evalCondition: ([, condition, attributes, , savedGroups]) => sdk.matches(condition, attributes, savedGroups),
  hash: ([seed, value, version]) => sdk.hash(seed, value, version),
  getBucketRange: ([, [n, coverage, weights]]) => sdk.bucketRanges(n, coverage ?? undefined, weights),
  chooseVariation: ([, at, ranges]) => sdk.chooseVariation(at, ranges),
  getEqualWeights: ([n]) => sdk.equalWeights(n),
  inNamespace: ([, id, namespace]) => sdk.inNamespace(id, namespace),
  getQueryStringOverride: ([, key, url, n]) => sdk.queryOverride(key, url, n) ?? null,
  feature: ([, context, key]) => featureResult(context, key),
  run,
  stickyBucket: sticky,
  urlRedirect: redirects,
  versionCompare: ([a, b, , relation]) => sdk.matches({ v: { [`$v${relation}`]: b } }, { v: a }),
};

function outcome(run, parts) {
  try {
    return run(parts);
  } catch (error) {
    return { threw: String(error) };
  }
}

const file = JSON.parse(readFileSync(0, "utf8"));
const answers = {};
for (const [name, run] of Object.entries(groups)) {
  if (!(name in file)) continue;
  const cases = name === "versionCompare"
    ? Object.entries(file[name]).flatMap(([relation, cases]) => cases.map((parts) => [...parts.slice(0, 3), relation]))
    : file[name];
  answers[name] = cases.map((parts) => outcome(run, parts) ?? null);
}
process.stdout.write(JSON.stringify(answers));
