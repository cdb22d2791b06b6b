import { isList, isObject, own, type Json } from '../values';

/** Saved groups by id: lists of values, or the newer `{type: 'list', values}`. */
export type Groups = Record<string, Json> | undefined;
type Fold = (value: Json) => Json;
/** Returns true if the value is as the operator's argument says; undefined for an argument that is not understood. */
type Operator = (actual: Json, expected: Json) => boolean | undefined;

/** How deep a condition may nest. A deeper one is, as a whole, true for nobody: or its negation would be true for all. */
const DEEPEST = 65;
/** The part of a text that regular expressions see. Publishing refuses patterns that are slow on texts of this length. */
export const seen = (text: string): string => text.slice(0, 1000);

/** The groups of the condition that is being evaluated: nothing here waits, so there is only one. */
let groups: Groups;

const asIs: Fold = (value) => value;
const lower: Fold = (value) => value?.toLowerCase?.() ?? value;

/** A version in a form that sorts as text: numbers right-aligned, releases after their prereleases. */
function pad(version: Json): string {
  const text = '' + (version && /number|string/.test(typeof version) ? version : 0);
  const parts = text.replace(/^v|\+.*/g, '').split(/[-.]/);
  if (parts.length === 3) parts.push('~');
  return parts.map((part) => (/^\d+$/.test(part) ? part.padStart(5) : part)).join('-');
}

/** Returns true if the value, or one of its elements, is in the list. */
const isIn = (actual: Json, list: Json, fold = asIs): boolean | undefined =>
  isList(list) ? (isList(actual) ? actual : [actual]).some((a) => list.some((b) => fold(a) === fold(b))) : undefined;

/** Returns true if the value is in the group. Nobody is known to be in a group that is no list, nor to be outside of it. */
function isInGroup(actual: Json, id: string): boolean | undefined {
  const group = own(groups, id);
  return isIn(actual, group === undefined ? [] : group?.type === 'list' ? group.values : group);
}

function isFound(actual: Json, expression: string, flags?: string): boolean | undefined {
  try {
    return new RegExp(expression, flags).test(seen('' + actual));
  } catch {
    return undefined;
  }
}

const hasAll = (actual: Json, expected: Json, fold?: Fold): boolean =>
  isList(actual) && isList(expected) && expected.every((e) => actual.some((a) => test(a, e, fold)));

const operators: Record<string, Operator> = {
  $exists: (a, e) => (a === null) !== !!e,
  $inGroup: (a, e) => isInGroup(a, e),
  $notInGroup: (a, e) => isInGroup(a, e) === false,
  $not: (a, e) => !test(a, e),
  $size: (a, e) => isList(a) && test(a.length, e),
  $elemMatch: (a, e) => isList(a) && a.some((item) => item !== null && (isPlain(e) && !isOperators(e) ? holds(e, item) : test(item, e))),
  $type: (a, e) => (a === null ? 'null' : isList(a) ? 'array' : typeof a) === e,
};

const relations: Record<string, Operator> = {
  eq: (a, e) => a === e,
  ne: (a, e) => a !== e,
  lt: (a, e) => a < e,
  lte: (a, e) => a <= e,
  gt: (a, e) => a > e,
  gte: (a, e) => a >= e,
};
for (const name in relations) {
  operators['$' + name] = relations[name];
  operators['$v' + name] = (a, e) => relations[name](pad(a), pad(e));
}

// With an `i` at the end, upper and lower case are one.
for (const i of ['', 'i']) {
  const fold = i ? lower : asIs;
  operators['$in' + i] = (a, e) => isIn(a, e, fold);
  operators['$nin' + i] = (a, e) => isIn(a, e, fold) === false;
  operators['$regex' + i] = (a, e) => isFound(a, e, i);
  operators['$notRegex' + i] = (a, e) => isFound(a, e, i) === false;
  operators['$all' + i] = (a, e) => hasAll(a, e, fold);
}

/** Returns true if all of `a` is in `b`, at the same places. */
const within = (a: Json, b: Json): boolean =>
  isObject(a) && isObject(b) ? isList(a) === isList(b) && Object.keys(a).every((key) => within(a[key], own(b, key))) : a === b;

/** Equal as JSON, whatever the order of members. */
const equal = (a: Json, b: Json): boolean => within(a, b) && within(b, a);

const isPlain = (value: Json): boolean => isObject(value) && !isList(value);

function isOperators(expected: Json): boolean {
  const names = Object.keys(expected);
  return names.length > 0 && names.every((name) => name[0] === '$');
}

/** Returns true if one value is as expected: an object of operators, or a literal, which compares loosely unless it is a list. */
function test(actual: Json, expected: Json, fold = asIs): boolean {
  if (isObject(expected)) {
    return isOperators(expected) ? Object.keys(expected).every((name) => operators[name]?.(actual, expected[name])) : equal(actual, expected);
  }
  if (expected === null || (actual === null && typeof expected === 'boolean')) return actual === expected;
  return fold(expected.constructor(actual)) === fold(expected);
}

const fits = (value: Json, levels: number): boolean => !isObject(value) || (levels > 0 && Object.values(value).every((part) => fits(part, levels - 1)));

function holds(condition: Json, attributes: Json): boolean {
  const nested = (part: Json): boolean => holds(part, attributes);
  const some = (parts: Json[]): boolean => !parts.length || parts.some(nested);
  return (
    isPlain(condition) &&
    Object.entries<Json>(condition).every(([key, part]) => {
      if (key === '$not') return !nested(part);
      if (key === '$and') return isList(part) && part.every(nested);
      if (key === '$or') return isList(part) && some(part);
      if (key === '$nor') return isList(part) && !some(part);
      return test(key.split('.').reduce(own, attributes) ?? null, part);
    })
  );
}

/** Returns true if attributes satisfy a condition. What is not understood is true for nobody. */
export function matches(condition: Json, attributes: Json, among?: Groups): boolean {
  groups = among;
  return fits(condition, DEEPEST) && holds(condition, attributes);
}
