import type { Attributes, Experiment } from './assign';
import { debug, inlined, options } from './options';
import { consented } from './storage';
import { address } from './record';
import { userId, visitorId } from './visitor';

export interface Payload {
  features?: Record<string, any>;
  experiments?: Experiment[];
}

const PATIENCE = 3000;
const AGAIN = 30000;
let payload: Payload | null = null;
let loading: Promise<Payload | null> | undefined;

/** The definitions, if they are here. */
export function known(): Payload | null {
  const here = inlined();
  if (!payload && here.payload && here.site === options.siteId) payload = here.payload as Payload;
  return payload;
}

/** Asks the edge for the definitions; null when it does not answer. */
export async function refresh(): Promise<Payload | null> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE);
  try {
    const url = options.endpoint + '/api/features/' + encodeURIComponent(options.siteId);
    const answer = await fetch(url, { signal: patience.signal, credentials: 'omit', cache: 'no-cache' });
    if (answer.ok) return (payload = (await answer.json()) as Payload);
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
export function attributes(): Attributes {
  const url = address();
  return {
    ...inlined().attributes,
    url,
    path: location.pathname,
    referrer: document.referrer,
    language: navigator.language,
    user_id: userId() || null,
    id: visitorId(),
  };
}
