// What the page's evaluator answers, in the words of GrowthBook's SDK specification. The page itself needs no more
// than the index of a variation, so the script does not carry these.

/** Members that an experiment takes from the rule that describes it, besides its key and variations. */
const CARRIED = [
  "coverage", "weights", "hashAttribute", "fallbackAttribute", "disableStickyBucketing", "bucketVersion", "minBucketVersion",
  "namespace", "meta", "ranges", "name", "phase", "seed", "hashVersion", "filters", "condition",
];

/** The leaf of a contextual bandit as the specification has it. */
function leafOf(sdk, { variations, leaf }) {
  const { leafId, weights, banditVersion } = leaf;
  return { leafId, variationWeights: weights ?? sdk.equalWeights(variations.length), banditVersion };
}

/** `Result`. */
export function resultOf(sdk, assignment, featureId = null) {
  const { experiment, variations, index, attribute, value, at, stuck, leaf } = assignment;
  const variationId = Math.max(index, 0);
  const { name, passthrough } = experiment.meta?.[variationId] ?? {};
  return {
    key: sdk.variationKey(experiment, variationId),
    featureId,
    inExperiment: index >= 0,
    hashUsed: at !== undefined,
    variationId,
    value: variations[variationId] ?? null,
    hashAttribute: attribute,
    hashValue: value,
    stickyBucketUsed: !!stuck,
    bucket: at,
    name: name || undefined,
    passthrough: passthrough ? true : undefined,
    ...(leaf && at !== undefined && leafOf(sdk, assignment)),
  };
}

/** `Experiment`. */
export function definitionOf(sdk, assignment, featureId) {
  const { experiment, variations, at, leaf } = assignment;
  const carried = CARRIED.filter((name) => name in experiment).map((name) => [name, experiment[name]]);
  return {
    ...Object.fromEntries(carried),
    key: experiment.key || featureId,
    variations,
    ...(leaf?.weights && { weights: leaf.weights }),
    ...(leaf && at !== undefined && { contextualBandit: leafOf(sdk, assignment) }),
  };
}
