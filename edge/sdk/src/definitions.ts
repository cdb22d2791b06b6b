import { variationKey, type Context } from './eval/evaluate';
import { inlined, options, safely } from './options';
import { address, forcedVariant } from './record';
import { consented, read, write } from './storage';
import { toJson } from './values';
import { history, isLasting, userId, visitorId } from './visitor';

/** An experiment as the payload has it; the evaluator knows more of its members. */
export interface Experiment {
  key: string;
  status?: string;
  active?: boolean;
  variations: unknown[];
  phase?: unknown;
  autoActivate?: boolean;
  urlPatterns?: unknown[];
}

export interface Payload {
  features?: Record<string, any>;
  experiments?: Experiment[];
}

const PATIENCE = 3000;
const AGAIN = 30000;
let payload: Payload | null = null;
let loading: Promise<Payload | null> | undefined;

/** The listeners that are called when a flag may have another value. */
export const listeners = new Set<() => void>();

export const notify = (): void => [...listeners].forEach((listener) => safely(listener, 'A listener'));

/** The edge writes the bucket version. Payloads that were published before it did have none: each phase is one of its own. */
const take = (given: Payload): Payload => (payload = { ...given, experiments: given.experiments?.map((e) => ({ bucketVersion: e.phase, ...e })) });

/** The definitions without the time of their publication, as text to compare. */
const content = (): string => toJson({ ...known(), dateUpdated: 0 });

/** The definitions, if they are here. */
export function known(): Payload | null {
  const here = inlined();
  return payload || (here.payload && here.site === options.siteId ? take(here.payload) : null);
}

/** Asks the edge for the definitions; null when it does not answer. */
export const refresh = async (): Promise<Payload | null> =>
  safely(async () => {
    const url = options.endpoint + '/api/features/' + encodeURIComponent(options.siteId);
    const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE), cache: 'no-cache' });
    if (!answer.ok) return null;
    const before = content();
    take(await answer.json());
    if (content() !== before) notify();
    return payload;
  }, 'The request for definitions');

/** The definitions, fetched at their first use; before a required consent nothing is fetched. */
export async function definitions(): Promise<Payload | null> {
  if (known() || !options.siteId || (options.requireConsent && !consented())) return payload;
  if (!loading) {
    loading = refresh();
    void loading.then((p) => p || setTimeout(() => (loading = undefined), AGAIN));
  }
  return loading;
}

/** The visitor's attributes, for conditions. */
function attributes(): Record<string, unknown> {
  const utm: Record<string, string> = {};
  new URLSearchParams(location.search).forEach((value, name) => name.startsWith('utm_') && (utm[name.slice(4)] = value));
  return {
    ...inlined().attributes,
    ...history(),
    utm,
    url: address(),
    path: location.pathname,
    referrer: document.referrer,
    language: navigator.language,
    user_id: userId() || null,
    // An id that the next page will not know would give the visitor another variant there.
    id: isLasting() ? visitorId() : '',
  };
}

const MOST_REMEMBERED = 200;

/** Asks the evaluator about this visitor, and remembers the assignments. */
export function evaluated<T>(ask: (context: Context) => T): T {
  const sticky = read<Record<string, string>>('assign') || {};
  const assigned: Record<string, string> = {};
  const forcedVariations: Record<string, number> = {};
  for (const e of known()?.experiments || []) {
    const wanted = forcedVariant(e.key);
    if (wanted) forcedVariations[e.key] = e.variations.findIndex((_, i) => variationKey(e, i) === wanted);
  }
  const answer = ask({ ...known(), url: address(), attributes: attributes(), sticky, assigned, forcedVariations });
  if (Object.keys(assigned).some((k) => assigned[k] !== sticky[k])) {
    write('assign', Object.fromEntries(Object.entries({ ...sticky, ...assigned }).slice(-MOST_REMEMBERED)));
  }
  return answer;
}
