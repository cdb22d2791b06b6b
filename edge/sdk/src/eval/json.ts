/** A value that JSON can hold. Payloads come from outside, so nothing about their shape is taken for granted. */
export type Json = any;

export const isList = Array.isArray;
export const isObject = (value: Json): boolean => typeof value === 'object' && value !== null;

/** The value's own member, never one that it inherits. */
export const own = (value: Json, key: string): Json => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined);

/** Equal as JSON, whatever the order of members. */
export function equal(a: Json, b: Json): boolean {
  if (!isObject(a) || !isObject(b)) return a === b;
  const keys = Object.keys(a);
  return isList(a) === isList(b) && keys.length === Object.keys(b).length && keys.every((key) => equal(a[key], own(b, key)));
}
