import type { Json } from '../values';
import { seen } from './condition';

/** Stands for `*` in a pattern, because no host can hold a `*`; also the host of a pattern without one. */
const WILDCARD = '_____';

/** Returns true if a text is as a pattern's part says; `around` may stand before and after it. */
const isLike = ([text, part, around = '']: string[]): boolean =>
  new RegExp(`^${around}${part.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll(WILDCARD, '.*')}${around}$`, 'i').test(seen(text));

function isOn(page: URL, { type, pattern }: Json): boolean {
  const { href, origin, host, pathname, hash, searchParams } = page;
  if (type === 'regex') return [href, href.slice(origin.length)].some((text) => new RegExp(pattern).test(seen(text)));
  const wanted = new URL(pattern.replace(/^([^:/?]*)\./, 'https://$1.').replaceAll('*', WILDCARD), 'https://' + WILDCARD);
  const parts = [...wanted.searchParams].map(([name, value]) => [searchParams.get(name) || '', value]);
  parts.push([host, wanted.host], [pathname, wanted.pathname.replace(/^\/|\/$/g, ''), '/?'], [wanted.hash && hash, wanted.hash]);
  return type === 'simple' && parts.every(isLike);
}

/** Returns true if a page is targeted: no excluding pattern matches, and an including one does if there is any. */
export function isTargeted(url = '', patterns: Json[]): boolean {
  const includes = ({ include }: Json): boolean => include !== false;
  const matching = patterns.filter((pattern) => {
    try {
      return isOn(new URL(url, 'https://_'), pattern);
    } catch {
      return false;
    }
  });
  return patterns.length > 0 && matching.every(includes) && (matching.length > 0 || !patterns.some(includes));
}

/** The variation that `?key=n` in the page's address forces, when there are more than `n`. */
export function queryOverride(key: string, url: string | undefined, variations: number): number | undefined {
  const pair = url?.split('?')[1]?.split('#')[0].split('&').find((pair) => pair.split('=')[0] === key);
  const n = parseInt(pair?.split('=')[1] as string);
  return n >= 0 && n < variations ? n : undefined;
}
