import { hash } from './hash';

/** A half-open range in [0, 1]. */
export type Range = [number, number];
export type Attributes = Record<string, unknown>;

/** An experiment as the payload has it. */
export interface Experiment {
  key: string;
  status?: string;
  active?: boolean;
  variations: unknown[];
  weights?: number[];
  coverage?: number;
  ranges?: Range[];
  hashAttribute?: string;
  hashVersion?: number;
  seed?: string;
  phase?: string;
  meta?: { key?: string; name?: string }[];
  condition?: Record<string, unknown>;
  autoActivate?: boolean;
  [other: string]: unknown;
}

export function equalWeights(n: number): number[] {
  return n > 0 ? Array<number>(n).fill(1 / n) : [];
}

/** The range of each variation: it starts where the weights before it end, so a higher coverage moves nobody. */
export function bucketRanges(n: number, coverage = 1, weights?: number[] | null): Range[] {
  const part = coverage < 0 ? 0 : coverage > 1 ? 1 : coverage;
  const sum = (weights || []).reduce((a, b) => a + b, 0);
  const sound = weights && weights.length === n && sum >= 0.99 && sum <= 1.01;
  let start = 0;
  return (sound ? weights! : equalWeights(n)).map((w): Range => {
    const from = start;
    start += w;
    return [from, from + part * w];
  });
}

/** The index of the range that holds `at`, or -1. */
export function chooseVariation(at: number, ranges: Range[]): number {
  return ranges.findIndex(([from, to]) => at >= from && at < to);
}

/** Narrowings this evaluator does not speak: whoever meets one stays out, because entering would be wrong. */
const UNSPOKEN = ['parentConditions', 'namespace', 'filters', 'urlPatterns', 'url', 'groups', 'include', 'force'];

/** Whether something keeps visitors out of a rule or an experiment; a condition does, unless it is empty. */
export function kept(out: { condition?: Record<string, unknown>; [other: string]: unknown }): boolean {
  return UNSPOKEN.some((k) => out[k] != null) || Object.keys(out.condition || {}).length > 0;
}

/** The value an experiment or rule hashes, as a string; empty when the visitor has none. */
export function hashValue(attribute: string | undefined, attributes: Attributes): string {
  const value = attributes[attribute || 'id'];
  return value == null ? '' : String(value);
}

/** The index of the variation these attributes get, or -1 for whoever is not in. */
export function assign(e: Experiment, attributes: Attributes): number {
  const n = e.variations.length;
  if (n < 2 || e.active === false || (e.status && e.status !== 'running')) return -1;
  const value = hashValue(e.hashAttribute, attributes);
  if (!value || kept(e)) return -1;
  const at = hash(e.seed || e.key, value, e.hashVersion || 1);
  return at === null ? -1 : chooseVariation(at, e.ranges || bucketRanges(n, e.coverage, e.weights));
}
