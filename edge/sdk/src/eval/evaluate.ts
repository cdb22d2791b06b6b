import { own, type Json } from '../values';
import { bucketRanges, chooseVariation, type Range } from './bucket';
import { matches, type Groups } from './condition';
import { hash } from './hash';
import { isTargeted, queryOverride } from './url';

/** Definitions, and who is asking from where. */
export interface Context {
  features?: Record<string, Json>;
  experiments?: Json[];
  savedGroups?: Groups;
  contextualBandits?: Record<string, Json>;
  attributes?: Json;
  /** The page's address. */
  url?: string;
  forcedVariations?: Record<string, number>;
  /** `false` keeps everybody out of all experiments. */
  enabled?: boolean;
  /** Keeps everybody out of experiments that are not forced. */
  qaMode?: boolean;
  /** Earlier assignments: variation keys by `attribute||value||experiment__version`. Without it nothing sticks. */
  sticky?: Record<string, string>;
  /** Receives new assignments; needed with `sticky`. */
  assigned?: Record<string, string>;
}

/** The outcome of an experiment for a visitor. */
export interface Assignment {
  experiment: Json;
  variations: Json[];
  /** The variation's index; -1 for who is not in it. */
  index: number;
  /** The attribute that is hashed, and its value. */
  attribute: string;
  value: Json;
  /** The visitor's place in [0, 1) when the hash decided: only then does it count. */
  at?: number;
  /** True if an earlier assignment was kept, or kept the visitor out. */
  stuck?: boolean;
  /** The leaf in which a contextual bandit placed the visitor. */
  leaf?: Json;
}

/** A feature's value, and why. */
export interface Decision {
  value: Json;
  source: string;
  rule?: Json;
  assignment?: Assignment;
}

const LONGEST_CHAIN = 100;
/** Prerequisites that share prerequisites can multiply. */
const MOST_RESOLUTIONS = 10000;
const CYCLE = 'cyclicPrerequisite';
let resolutions = 0;

/** The attribute that is hashed, and its value; the second one's when the first has none. */
function hashed({ attributes }: Context, name?: string, second?: string): [string, Json] {
  name ||= 'id';
  const value = own(attributes, name) || '';
  const instead = !value && own(attributes, second!);
  return instead ? [second!, instead] : [name, value];
}

/** The visitor's place in [0, 1); NaN without anything to hash. */
const place = (context: Context, seed: string, version: number, attribute?: string, second?: string): number => {
  const [, value] = hashed(context, attribute, second);
  return value ? hash(seed, value, version) : NaN;
};

const isFilteredOut = (filters: Json[], context: Context): boolean =>
  filters.some((f) => chooseVariation(place(context, f.seed, f.hashVersion || 2, f.attribute), f.ranges) < 0);

/** Returns true if an old-style namespace, `[name, from, to]`, holds the visitor. */
export const inNamespace = (value: string, [name, ...range]: Json[]): boolean => !chooseVariation(hash('__' + name, value, 1), [range as Range]);

const isEligible = ({ condition }: Json, { attributes, savedGroups }: Context): boolean => !condition || matches(condition, attributes, savedGroups);

/** Outcomes of prerequisites: all are met, or one is not that concerns the rule alone. */
const MET = 1;
const UNMET = 2;

/** Checks the prerequisites. A text says why the feature, or the experiment, has no value for the visitor at all. */
function prerequisites({ parentConditions }: Json, context: Context, chain: string[]): typeof MET | typeof UNMET | string {
  for (const parent of parentConditions || []) {
    const { value, source } = feature(parent.id, context, chain);
    if (source === CYCLE) return source;
    if (!isEligible(parent, { ...context, attributes: { value } })) return parent.gate ? 'prerequisite' : UNMET;
  }
  return MET;
}

function isInRollout(rule: Json, seed: string, context: Context): boolean {
  const { range, coverage } = rule;
  const at = place(context, rule.seed || seed, rule.hashVersion || 1, rule.hashAttribute, isSticky(rule, context) ? rule.fallbackAttribute : '');
  return range ? !chooseVariation(at, [range]) : coverage == null || (coverage !== 0 && at <= coverage);
}

const isSticky = (rule: Json, context: Context): boolean => !!context.sticky && !rule.disableStickyBucketing;

/** A feature's value, and why. `chain` has the features that are being resolved. */
export function feature(key: string, context: Context, chain: string[] = []): Decision {
  resolutions = chain.length ? resolutions + 1 : 0;
  if (chain.includes(key) || chain.length >= LONGEST_CHAIN || resolutions >= MOST_RESOLUTIONS) return { value: null, source: CYCLE };
  const definition = own(context.features, key);
  if (!definition) return { value: null, source: 'unknownFeature' };
  const here = [...chain, key];
  for (const rule of definition.rules || []) {
    const outcome = prerequisites(rule, context, here);
    if (typeof outcome === 'string') return { value: null, source: outcome };
    if (outcome === UNMET || isFilteredOut(rule.filters || [], context)) continue;
    if ('force' in rule) {
      if (isEligible(rule, context) && isInRollout(rule, key, context)) return { value: rule.force, source: 'force', rule };
      continue;
    }
    const assignment = run(rule, context, key, here);
    const { index, variations } = assignment;
    if (index >= 0 && !rule.meta?.[index]?.passthrough) return { value: variations[index], source: 'experiment', rule, assignment };
  }
  return { value: definition.defaultValue ?? null, source: 'defaultValue' };
}

/** The key of a variation. */
export const variationKey = (e: Json, index: number): string => e.meta?.[index]?.key || '' + index;

/** Runs an experiment, or the one that a rule of `feature` describes: then the prerequisites are the rule's. */
export function run(e: Json, context: Context, feature?: string, chain: string[] = []): Assignment {
  const key = e.key || feature;
  const variations = e.contextualVariations || e.variations || [];
  const count = variations.length;
  const sticky = isSticky(e, context) ? context.sticky : undefined;
  const [attribute, value] = hashed(context, e.hashAttribute, sticky && e.fallbackAttribute);
  const bandit = own(context.contextualBandits, e.contextualBanditRef);
  const leaf = bandit && {
    ...(bandit.contexts?.find((c: Json) => isEligible(c, context)) || { leafId: -1, weights: e.weights }),
    banditVersion: bandit.banditVersion,
  };
  const result = (index: number, at?: number, stuck?: boolean): Assignment =>
    ({ experiment: e, variations, index: index >= 0 && index < count ? index : -1, attribute, value, leaf, at, stuck });
  const out = result(-1);
  if (count < 2 || context.enabled === false || (e.urlPatterns && !isTargeted(context.url, e.urlPatterns))) return out;
  const forced = queryOverride(key, context.url, count) ?? own(context.forcedVariations, key);
  if (forced !== undefined) return result(forced);
  if (e.status === 'draft' || e.active === false || !value) return out;

  const version = e.bucketVersion || 0;
  const path = (name?: string): string => [...hashed(context, name), key + '__'].join('||');
  const paths = sticky ? [e.hashAttribute, e.fallbackAttribute].map(path) : [];
  const isBlocked = paths.some((p) => Object.keys(sticky!).some((k) => k.startsWith(p) && +k.slice(p.length) < e.minBucketVersion));
  const kept = paths.map((p) => sticky![p + version]).find(Boolean);
  const stuck = isBlocked || !kept ? -1 : (e.meta || []).findIndex((m: Json) => m.key === kept);
  if (
    stuck < 0 &&
    ((e.filters ? isFilteredOut(e.filters, context) : e.namespace && !inNamespace(value, e.namespace)) ||
      !isEligible(e, context) ||
      (!feature && prerequisites(e, context, chain) !== MET))
  )
    return out;
  const at = hash(e.seed || key, value, e.hashVersion || 1);
  if (isNaN(at)) return out;
  if (isBlocked) return result(-1, undefined, true);
  const index = stuck < 0 ? chooseVariation(at, e.ranges || bucketRanges(count, e.coverage, (leaf || e).weights)) : stuck;
  if (index < 0 || index >= count) return out;
  if ('force' in e) return result(e.force);
  if (context.qaMode || e.status === 'stopped') return out;
  if (sticky) context.assigned![path(attribute) + version] = variationKey(e, index);
  return result(index, at, stuck >= 0);
}
