import { ID_COOKIE, allowed, forget, read, readCookie, write, writeCookie } from './storage';
import { cut, own } from './values';

let id = '';
let user = '';
let lasting = false;

/** A UUIDv7: made in order, so that logs of them stay sorted. */
export const uuidv7 = (): string =>
  Date.now().toString(16).padStart(12, '0').replace(/.{8}/, '$&-') +
  '-7xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => (crypto.getRandomValues(new Uint8Array(1))[0] % 16).toString(16));

/** The random first-party id; empty for visitors who may not be measured. */
export function visitorId(): string {
  if (!allowed()) return (id = '');
  if (!id) {
    const cookie = readCookie(ID_COOKIE);
    id = [cookie, read<string>('id')].find((k) => !!k && /^[\w-]{8,64}$/.test(k)) || uuidv7();
    // The cookie is written once and not renewed: thirteen months is the most that an id may last.
    const isKept = cookie === id || writeCookie(ID_COOKIE, id);
    lasting = write('id', id) || isKept;
  }
  return id;
}

/** Returns true if the id will be the same at the next page; without that, an assignment would flip at each load. */
export function isLasting(): boolean {
  return !!visitorId() && lasting;
}

/** The site's own name for the visitor; the unit of analysis stays the visitor id. */
export function identify(name: unknown): void {
  user = cut(name, 128) || '';
  write('user', user);
}

export function userId(): string {
  return user || read<string>('user') || '';
}

/** Forgets the visitor: the next event comes from a new one. What this one did is still sent, under the old id. */
export function reset(): void {
  id = user = '';
  forget();
}

const VISIT = 1800000;
const DAY = 86400000;
const MOST_NAMES = 100;

/** A session as it is stored: its id, when its last event was, how many there were, and when the first began. */
type Session = [id: string, last: number, visits: number, first: number];

/** The session as it would be with an event now. A visit ends after half an hour without an event. */
function session(): Session {
  const now = Date.now();
  const [id, last, visits, first] = read<Session>('session') || ['', 0, 0, now];
  return now - last < VISIT ? [id, now, visits, first] : [uuidv7(), now, visits + 1, first];
}

/** The session of an event that happens now, which prolongs the visit. */
export function sessionId(): string {
  const here = session();
  write('session', here);
  return here[0];
}

/** How often each event happened, and page views under no name: what conditions can ask about behaviour. */
const counts = (): Record<string, number> => read('did') || {};
const countOf = (name: string): number => own(counts(), name) || 0;

/** Counts an event, or a page view, which has no name. */
export function count(name: string): void {
  const did = counts();
  if (countOf(name) || Object.keys(did).length < MOST_NAMES) write('did', { ...did, [name]: countOf(name) + 1 });
}

/** The visitor's earlier visits and events, as attributes; empty if nothing may be stored. */
export function history(): Record<string, unknown> {
  if (!visitorId()) return {};
  const [, now, visits, first] = session();
  return { visits, daysSinceFirstVisit: Math.floor((now - first) / DAY), pageviews: countOf(''), did: counts() };
}
