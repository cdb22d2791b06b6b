/** A value that JSON can hold. Payloads, and what a site passes, come from outside: nothing about their shape is taken for granted. */
export type Json = any;

export const isList = Array.isArray;
export const isObject = (value: Json): boolean => typeof value === 'object' && value !== null;

/** The value's own member, never one that it inherits. */
export const own = (value: Json, key: string): Json => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined);

/** The address, if the text is one. */
export function parsed(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/** The first characters of a text; undefined for an empty one. */
export const cut = (text: Json, most: number): string | undefined => (text == null || text === '' ? undefined : String(text).slice(0, most));

/**
 * JSON that any reader accepts: halves of surrogate pairs are left out, and a BigInt is a text. Libraries that give
 * lists, texts or numbers a `toJSON` do not change it.
 */
export const toJson = (value: Json): string =>
  JSON.stringify(value, function (this: Json, key: string, changed: Json) {
    const raw = this[key];
    if (typeof raw === 'string') return raw.replace(/\p{Cs}/gu, '');
    if (typeof raw === 'bigint') return '' + raw;
    return isObject(raw) && !isList(raw) ? changed : raw;
  });
