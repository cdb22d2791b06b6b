/** Every option; each is also a `data-` attribute of the script tag. */
export interface Options {
  endpoint: string;
  siteId: string;
  debug: boolean;
  trackPageViews: boolean;
  trackClicks: boolean;
  trackUserTimings: boolean;
  batchSize: number;
  batchTimeout: number;
  directPageViews: boolean;
  directEvents: boolean;
  requireConsent: boolean;
  respectDoNotTrack: boolean;
  consentCookie: string;
  appName: string;
  hashRouting: boolean;
}

// Only while the script itself runs does the browser say which tag it came from.
const tag = document.currentScript as HTMLScriptElement | null;
const source = tag && tag.src ? new URL(tag.src, location.href) : null;

export const options: Options = {
  endpoint: source ? source.origin : location.origin,
  siteId: '',
  debug: false,
  trackPageViews: true,
  trackClicks: false,
  trackUserTimings: false,
  batchSize: 10,
  batchTimeout: 5000,
  directPageViews: true,
  directEvents: false,
  requireConsent: false,
  respectDoNotTrack: true,
  consentCookie: 'beacon_consent',
  appName: '',
  hashRouting: false,
};

/** What the edge put before the script in `/beacon.js?site=ID`. */
export function inlined(): { site?: string; payload?: any; attributes?: Record<string, unknown> } {
  return (window as any).__beacon || {};
}

/** Takes each given option that has its default's type; a string is read as that type. */
export function configure(given: Record<string, unknown>): void {
  for (const key of Object.keys(options)) {
    const value = given[key];
    if (value == null) continue;
    const type = typeof (options as any)[key];
    const read = type === 'boolean' ? value !== 'false' && !!(value === '' || value) : type === 'number' ? Number(value) : String(value);
    if (read === read) (options as any)[key] = read;
  }
  options.endpoint = options.endpoint.replace(/\/+$/, '');
}

/** Takes the site and the options that the script tag states. */
export function configureFromTag(): void {
  configure({ siteId: inlined().site || (source && source.searchParams.get('site')) });
  if (tag) configure(tag.dataset as Record<string, unknown>);
}

const warned: Record<string, 1> = {};

/** Says something once, however often it happens. */
export function warnOnce(message: string): void {
  if (!warned[message]) console.warn('[beacon] ' + message);
  warned[message] = 1;
}

/** Says something in debug mode. */
export function debug(message: string, detail?: unknown): void {
  if (options.debug) console.warn('[beacon] ' + message, detail === undefined ? '' : detail);
}
