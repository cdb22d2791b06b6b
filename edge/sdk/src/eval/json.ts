/** A value that JSON can hold. Payloads come from outside, so nothing about their shape is taken for granted. */
export type Json = any;

export const isList = Array.isArray;
export const isObject = (value: Json): boolean => typeof value === 'object' && value !== null;

/** The value's own member, never one that it inherits. */
export const own = (value: Json, key: string): Json => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined);

/** Whether all of `a` is in `b`, at the same places. */
const within = (a: Json, b: Json): boolean =>
  isObject(a) && isObject(b) ? isList(a) === isList(b) && Object.keys(a).every((key) => within(a[key], own(b, key))) : a === b;

/** Equal as JSON, whatever the order of members. */
export const equal = (a: Json, b: Json): boolean => within(a, b) && within(b, a);
