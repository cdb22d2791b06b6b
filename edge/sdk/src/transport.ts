import { debug, options } from './options';
import type { Event } from './queue';
import { toJson } from './values';

export const size = (text: string): number => new Blob([text]).size;

/**
 * The fate of a batch. `settled`: the collector took it or refused it for good. `failed`: no answer, or none that the
 * page may read. A number: the collector asks to wait for that many milliseconds.
 */
export type Outcome = 'settled' | 'failed' | number;

/** Sends one batch, also when the page is being left: then nobody may be there to read the answer. */
export async function post(events: Event[]): Promise<Outcome> {
  const url = options.endpoint + '/api/events/batch';
  // The collector compares `sent_at` with its own clock, so that late events are not taken for those of a slow clock.
  const batch = { site_id: options.siteId, sent_at: Date.now(), webdriver: navigator.webdriver };
  const body = toJson({ ...batch, events: events.map((e) => ({ ...e, failures: undefined })) });
  try {
    // text/plain needs no preflight, which a page that is being left could not wait for.
    const { status, headers } = await fetch(url, { method: 'POST', body, keepalive: true, headers: { 'content-type': 'text/plain' } });
    if (status > 299) debug('The collector answered', status);
    return /^5|429|408/.test('' + status) ? +headers.get('retry-after')! * 1000 || 'failed' : 'settled';
  } catch {
    // Also when the requests of a page that is being left carry more than the browser's 64 KiB.
    return 'failed';
  }
}
