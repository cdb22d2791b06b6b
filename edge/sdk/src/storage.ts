import { options } from './options';

const PREFIX = 'beacon_';
const memory: Record<string, string> = {};
let decided: boolean | undefined;

/** Whether this visitor may be measured: no signal against it, and consent where it is required. */
export function allowed(): boolean {
  const n = navigator as any;
  if (options.respectDoNotTrack && (n.doNotTrack === '1' || (window as any).doNotTrack === '1' || n.globalPrivacyControl)) return false;
  return consented();
}

/** Whether consent, where it is required, was given. An objection counts even where consent is not required. */
export function consented(): boolean {
  if (decided !== undefined) return decided;
  const said = readCookie(options.consentCookie);
  return options.requireConsent ? /^(1|true|yes|granted|accepted)$/i.test(said) : !/^(0|false|no|denied)$/i.test(said);
}

/** Remembers a decision; a withdrawal deletes all that was stored. */
export function decide(granted: boolean): void {
  decided = granted;
  if (!granted) forget();
  // Where consent is required, its absence says enough: nothing stays behind.
  if (granted || !options.requireConsent) writeCookie(options.consentCookie, granted ? 'granted' : 'denied');
  else deleteCookie(options.consentCookie);
}

export function read<T>(key: string): T | null {
  if (!allowed()) return null;
  try {
    const text = memory[key] || localStorage.getItem(PREFIX + key);
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/** Returns whether it will outlive the page. */
export function write(key: string, value: unknown): boolean {
  if (!allowed()) return false;
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(PREFIX + key, text);
    delete memory[key];
    return true;
  } catch {
    memory[key] = text;
    return false;
  }
}

export function remove(key: string): void {
  delete memory[key];
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    // Blocked storage holds nothing.
  }
}

export function forget(): void {
  ['id', 'user', 'session', 'did', 'assign', 'exposed', 'queue', 'forced'].forEach(remove);
  deleteCookie(PREFIX + 'id');
}

export function readCookie(name: string): string {
  try {
    const found = document.cookie.split('; ').find((c) => c.indexOf(name + '=') === 0);
    return found ? decodeURIComponent(found.slice(name.length + 1)) : '';
  } catch {
    return '';
  }
}

/** 13 months, in seconds. */
const LIFETIME = 34128000;

function put(name: string, value: string, age: number, domain: string): void {
  const where = (domain && ';domain=' + domain) + (location.protocol === 'https:' ? ';secure' : '');
  try {
    document.cookie = name + '=' + encodeURIComponent(value) + ';path=/;samesite=lax;max-age=' + age + where;
  } catch {
    // A sandboxed frame has no cookies.
  }
}

/** From the widest domain to the host itself: browsers refuse public suffixes, so the first that holds is ours. */
function domains(): string[] {
  const labels = location.hostname.split('.');
  const found = [];
  if (!/^[\d.]+$|:/.test(location.hostname)) {
    for (let i = 2; i <= labels.length; i++) found.push(labels.slice(-i).join('.'));
  }
  return found.concat('');
}

export function writeCookie(name: string, value: string): boolean {
  return domains().some((d) => {
    put(name, value, LIFETIME, d);
    return readCookie(name) === value;
  });
}

export function deleteCookie(name: string): void {
  domains().forEach((d) => put(name, '', 0, d));
}
