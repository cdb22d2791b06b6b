/** A half-open range in [0, 1]. */
export type Range = [number, number];

/** `n` equal weights. */
export const equalWeights = (n: number): number[] => Array.from({ length: n }, () => 1 / n);

/** The range of each variation: it starts where the weights before it end, so a higher coverage moves nobody. */
export function bucketRanges(n: number, coverage = 1, weights?: number[] | null): Range[] {
  const sum = weights?.reduce((a, b) => a + b, 0) ?? 0;
  const sound = weights?.length === n && sum >= 0.99 && sum <= 1.01;
  let start = 0;
  return Array.from({ length: n }, (_, i): Range => {
    const from = start;
    const weight = sound ? weights[i] : 1 / n;
    start += weight;
    return [from, from + Math.min(Math.max(coverage, 0), 1) * weight];
  });
}

/** The index of the range that holds `at`, or -1. */
export const chooseVariation = (at: number, ranges: Range[]): number => ranges.findIndex(([from, to]) => at >= from && at < to);
