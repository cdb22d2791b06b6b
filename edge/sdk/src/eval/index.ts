/** The one evaluator of the page: the semantics of `shared::eval`, which are those of GrowthBook's SDK specification. */
export { bucketRanges, chooseVariation, equalWeights } from './bucket';
export { matches } from './condition';
export { feature, inNamespace, run, variationKey } from './evaluate';
export { hash } from './hash';
export { redirect } from './redirect';
export { queryOverride } from './url';
