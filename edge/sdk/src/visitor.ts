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

/** One visit ends after half an hour without an event. */
export function sessionId(): string {
  const now = Date.now();
  const last = read<[string, number]>('session');
  const session = last && now - last[1] < VISIT ? last[0] : uuidv7();
  write('session', [session, now]);
  return session;
}
