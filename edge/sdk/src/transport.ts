import { debug, options } from './options';
import type { Event } from './queue';

/** Browsers refuse keepalive requests that carry more than 64 KiB between them. */
const KEEPALIVE = 60000;
let inFlight = 0;

export const size = (text: string): number => new Blob([text]).size;

/** What became of a batch: `done` also when it was refused for good; a number says when to try again. */
export type Outcome = 'done' | 'retry' | number;

/** Sends one batch. When the page is being left it must go now, and nobody may be there to hear the answer. */
export async function post(events: Event[], leaving: boolean): Promise<Outcome> {
  const url = options.endpoint + '/api/events/batch';
  const body = JSON.stringify({ site_id: options.siteId, events, webdriver: navigator.webdriver === true });
  const bytes = size(body);
  const keepalive = inFlight + bytes < KEEPALIVE;
  if (navigator.onLine === false || (leaving && !keepalive)) return 'retry';
  if (leaving && !('keepalive' in Request.prototype)) {
    return navigator.sendBeacon && navigator.sendBeacon(url, body) ? 'done' : 'retry';
  }
  if (keepalive) inFlight += bytes;
  try {
    // text/plain needs no preflight, which a page that is being left could not wait for.
    const answer = await fetch(url, { method: 'POST', body, keepalive, headers: { 'content-type': 'text/plain' } });
    if (answer.status >= 500 || answer.status === 429 || answer.status === 408) {
      return Number(answer.headers.get('retry-after')) * 1000 || 'retry';
    }
    if (options.debug) debug('The collector answered ' + answer.status + '.', await answer.text());
    return 'done';
  } catch {
    return 'retry';
  } finally {
    if (keepalive) inFlight -= bytes;
  }
}
