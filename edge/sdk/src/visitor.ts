import { forget, allowed, read, readCookie, write, writeCookie } from './storage';

let id = '';
let user = '';
let lasting = false;

/** A UUIDv7: made in order, so that logs of them stay sorted. */
export function uuidv7(): string {
  const bytes = new Uint8Array(16);
  if (window.crypto) crypto.getRandomValues(bytes);
  else bytes.forEach((_, i) => (bytes[i] = Math.random() * 256));
  const now = Date.now().toString(16).padStart(12, '0');
  bytes[6] = (bytes[6] & 15) | 112;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = now + Array.from(bytes.slice(6), (b) => b.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** The random first-party id; empty for visitors who may not be measured. */
export function visitorId(): string {
  if (!allowed()) return (id = '');
  if (!id) {
    const known = [readCookie('beacon_id'), read<string>('id')].find((k) => !!k && /^[\w-]{8,64}$/.test(k));
    id = known || uuidv7();
    // The cookie is written once and not renewed: thirteen months is the most that an id may last.
    const cookie = readCookie('beacon_id') === id || writeCookie('beacon_id', id);
    lasting = write('id', id) || cookie;
  }
  return id;
}

/** Whether the id will be the same at the next page; without that, an assignment would flip at each load. */
export function isLasting(): boolean {
  return !!visitorId() && lasting;
}

/** The site's own name for the visitor; the unit of analysis stays the visitor id. */
export function identify(name: unknown): void {
  user = name == null ? '' : String(name).slice(0, 128);
  write('user', user);
}

export function userId(): string {
  return user || read<string>('user') || '';
}

/** Forgets the visitor: the next event comes from a new one. */
export function reset(): void {
  id = user = '';
  forget();
}

const VISIT = 1800000;
const DAY = 86400000;
const MOST_NAMES = 100;

/** A session as it is stored: its id, when it was last used, how many there were, and when the first began. */
type Session = [id: string, last: number, visits: number, first: number];

/** One visit ends after half an hour without an event. */
function session(): Session {
  const now = Date.now();
  const [id, last, visits, first] = read<Session>('session') || ['', 0, 0, now];
  const here: Session = now - last < VISIT ? [id, now, visits, first] : [uuidv7(), now, visits + 1, first];
  write('session', here);
  return here;
}

export const sessionId = (): string => session()[0];

/** How often each event happened, and page views under no name: what conditions can ask about behaviour. */
const counts = (): Record<string, number> => read('did') || {};

/** Counts an event, or a page view, which has no name. */
export function count(name: string): void {
  const did = counts();
  if (name in did || Object.keys(did).length < MOST_NAMES) write('did', { ...did, [name]: (did[name] || 0) + 1 });
}

/** What the visitor did here before, where that may be stored. */
export function history(): Record<string, unknown> {
  if (!visitorId()) return {};
  const [, now, visits, first] = session();
  const did = counts();
  return { visits, daysSinceFirstVisit: Math.floor((now - first) / DAY), pageviews: did[''] || 0, did };
}
