// What the evaluator that beacon.js ships answers to random cases: node differential.mjs EVALUATOR.mjs < cases
// One case a line in, one answer a line out. Rust answers the same cases in src/differential.rs.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const sdk = await import(pathToFileURL(process.argv[2]));

/** The part of an answer that says what became of an experiment. */
function about(assignment) {
  if (!assignment) return {};
  const { experiment, index, attribute, at, stuck } = assignment;
  const variant = index < 0 ? null : sdk.variationKey(experiment, index);
  return { variant, bucket: at ?? null, attribute, stuck: !!stuck };
}

/** Assignments as the evaluator keeps them: `attribute||value||experiment__version`. */
function kept(documents) {
  const entries = documents.flatMap(({ attributeName, attributeValue, assignments }) =>
    Object.entries(assignments).map(([id, variation]) => [`${attributeName}||${attributeValue}||${id}`, variation]),
  );
  return Object.fromEntries(entries);
}

function answer({ context: given = {}, ask = {} }) {
  const sticky = given.sticky && kept(given.sticky);
  const assigned = { ...sticky };
  const context = { ...given, sticky, assigned };
  if (ask.condition) return { holds: sdk.matches(ask.condition, context.attributes, context.savedGroups) };
  if (ask.feature) {
    const { value, source, rule, assignment } = sdk.feature(ask.feature, context);
    return { value, source, rule: rule?.id ?? "", ...about(assignment), sticky: sticky && assigned };
  }
  if (ask.run) {
    if (!ask.run.key || !Array.isArray(ask.run.variations)) return { malformed: true };
    const assignment = sdk.run(ask.run, context);
    return { value: ask.run.variations[Math.max(assignment.index, 0)] ?? null, ...about(assignment), sticky: sticky && assigned };
  }
  const found = sdk.redirect(context);
  return { redirect: found ? [found.assignment.experiment.key, found.target ?? null, found.url ?? null] : null };
}

function outcome(line) {
  try {
    return answer(JSON.parse(line));
  } catch (error) {
    return { threw: String(error) };
  }
}

const cases = readFileSync(0, "utf8").split("\n").filter(Boolean);
process.stdout.write(cases.map((line) => JSON.stringify(outcome(line)) + "\n").join(""));
