import { options, safely } from './options';
import { toJson } from './values';

const PREFIX = 'beacon_';
/** The cookie with the visitor's id. */
export const ID_COOKIE = PREFIX + 'id';
/** Values that the browser did not store, as JSON. */
const memory = new Map<string, string>();
/** Values that were read in this turn of the event loop. */
const turn = new Map<string, unknown>();
let decided: boolean | undefined;

/** Reads at most once per turn: a page may ask for a hundred flags while it renders. */
function once<T>(key: string, find: () => T): T {
  if (!turn.has(key)) {
    turn.set(key, find());
    queueMicrotask(() => turn.clear());
  }
  return turn.get(key) as T;
}

/** Forced variants last as long as the tab. */
const area = (key: string): Storage => (key === 'forced' ? sessionStorage : localStorage);

/** Returns true if this visitor may be measured: the site is known, no signal speaks against it, and consent where it is required. */
export function allowed(): boolean {
  const { doNotTrack, globalPrivacyControl } = navigator as any;
  return !!options.siteId && !(options.respectDoNotTrack && (doNotTrack === '1' || globalPrivacyControl)) && consented();
}

/** Returns true if consent, where it is required, was given. An objection counts even where consent is not required. */
export function consented(): boolean {
  if (decided !== undefined) return decided;
  const said = readCookie(options.consentCookie);
  return options.requireConsent ? /^(1|true|yes|granted|accepted)$/i.test(said) : !/^(0|false|no|denied)$/i.test(said);
}

/** Remembers a decision. */
export function decide(granted: boolean): void {
  decided = granted;
  // A refusal needs no cookie if consent is required: nothing stays behind.
  writeCookie(options.consentCookie, granted ? 'granted' : options.requireConsent ? '' : 'denied');
}

/** A stored value; what is read must not be changed, as others read it in the same turn. */
export function read<T>(key: string): T | null {
  if (!allowed()) return null;
  return once(key, () => safely(() => JSON.parse(memory.get(key) || area(key).getItem(PREFIX + key)!)));
}

/** Returns whether it will outlive the page. */
export function write(key: string, value: unknown): boolean {
  if (!allowed()) return false;
  const text = toJson(value);
  turn.delete(key);
  memory.set(key, text);
  safely(() => {
    area(key).setItem(PREFIX + key, text);
    memory.delete(key);
  });
  return !memory.has(key);
}

export function remove(key: string): void {
  turn.delete(key);
  memory.delete(key);
  safely(() => area(key).removeItem(PREFIX + key));
}

/** Forgets the visitor. */
export function forget(): void {
  ['id', 'user', 'session', 'did', 'assign', 'exposed', 'forced'].forEach(remove);
  writeCookie(ID_COOKIE, '');
}

export const readCookie = (name: string): string =>
  safely(() => {
    const found = once(';', () => document.cookie.split('; ')).find((c) => c.startsWith(name + '='));
    return found && found.slice(name.length + 1);
  }) || '';

/** 13 months, in seconds. */
const LIFETIME = 34128000;

/** From the widest domain to the host itself: browsers refuse public suffixes, so the first that holds is ours. */
const domains = (): string[] => [...location.hostname.split('.').map((_, i, labels) => labels.slice(-1 - i).join('.')).slice(1), ''];

/** Writes a cookie, or deletes it when the value is empty; returns whether the browser did so. */
export function writeCookie(name: string, value: string): boolean {
  const end = ';path=/;samesite=lax;max-age=' + (value ? LIFETIME : 0) + (location.protocol === 'https:' ? ';secure' : '');
  return domains().some((domain) => {
    turn.clear();
    // A sandboxed frame has no cookies.
    safely(() => (document.cookie = name + '=' + value + end + (domain && ';domain=' + domain)));
    return readCookie(name) === value;
  });
}
