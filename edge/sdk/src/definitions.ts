import { variationKey, type Context } from './eval/evaluate';
import { debug, inlined, options } from './options';
import { consented, read, write } from './storage';
import { address, forcedVariants } from './record';
import { history, userId, visitorId } from './visitor';

/** An experiment as the payload has it; the evaluator knows more of its members. */
export interface Experiment {
  key: string;
  status?: string;
  active?: boolean;
  variations: unknown[];
  phase?: string;
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

/** A new phase is a new assignment, unless the definition says which version of the buckets it has. */
const take = (given: Payload): Payload => (payload = { ...given, experiments: given.experiments?.map((e) => ({ bucketVersion: e.phase, ...e })) });

/** The definitions, if they are here. */
export function known(): Payload | null {
  const here = inlined();
  return payload || (here.payload && here.site === options.siteId ? take(here.payload) : null);
}

/** Asks the edge for the definitions; null when it does not answer. */
export async function refresh(): Promise<Payload | null> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE);
  try {
    const url = options.endpoint + '/api/features/' + encodeURIComponent(options.siteId);
    const answer = await fetch(url, { signal: patience.signal, credentials: 'omit', cache: 'no-cache' });
    if (answer.ok) return take(await answer.json());
  } catch (e) {
    debug('No definitions came.', e);
  } finally {
    clearTimeout(timer);
  }
  return null;
}

/** The definitions, fetched at their first use; before a required consent nothing is fetched. */
export function definitions(): Promise<Payload | null> {
  if (known() || !options.siteId || (options.requireConsent && !consented())) return Promise.resolve(payload);
  if (!loading) {
    loading = refresh();
    void loading.then((p) => p || setTimeout(() => (loading = undefined), AGAIN));
  }
  return loading;
}

/** What conditions can ask about this visitor. */
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
    id: visitorId(),
  };
}

const MOST_REMEMBERED = 200;

/** Asks the evaluator about this visitor, and remembers what it assigned. */
export function evaluated<T>(ask: (context: Context) => T): T {
  const sticky = read<Record<string, string>>('assign') || {};
  const assigned: Record<string, string> = {};
  const wanted = forcedVariants();
  const experiments = known()?.experiments || [];
  const forcedVariations = Object.fromEntries(
    experiments
      .filter((e) => e.key in wanted)
      .map((e) => [e.key, e.variations.findIndex((_, i) => variationKey(e, i) === wanted[e.key])]),
  );
  const answer = ask({ ...known(), url: address(), attributes: attributes(), sticky, assigned, forcedVariations });
  if (Object.keys(assigned).some((k) => assigned[k] !== sticky[k])) {
    write('assign', Object.fromEntries(Object.entries({ ...sticky, ...assigned }).slice(-MOST_REMEMBERED)));
  }
  return answer;
}
