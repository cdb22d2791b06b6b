/** A half-open range in [0, 1]. */
export type Range = [number, number];

/** `n` equal weights. */
export const equalWeights = (n: number): number[] => Array(n).fill(1 / n);

/** The range of each variation: it starts where the weights before it end, so a higher coverage moves nobody. */
export function bucketRanges(n: number, coverage = 1, weights?: number[] | null): Range[] {
  let sum = 0;
  for (const weight of weights || []) sum += weight;
  if (weights?.length !== n || !(sum >= 0.99 && sum <= 1.01)) weights = equalWeights(n);
  const ranges: Range[] = [];
  let start = 0;
  for (const weight of weights) {
    ranges.push([start, start + Math.min(Math.max(coverage, 0), 1) * weight]);
    start += weight;
  }
  return ranges;
}

/** The index of the range that holds `at`, or -1. */
export const chooseVariation = (at: number, ranges: Range[]): number => ranges.findIndex(([from, to]) => at >= from && at < to);
