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
  /** Names of query parameters that are recorded beside campaigns', with commas between them. */
  allowedParameters: string;
}

// Only while the script itself runs does the browser say which tag it came from.
const tag = document.currentScript as HTMLScriptElement | null;
const source = tag?.src ? new URL(tag.src) : null;

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
  allowedParameters: '',
};

/** The definitions and attributes that the edge puts before the script in `/beacon.js?site=ID`. */
export function inlined(): { site?: string; payload?: any; attributes?: Record<string, unknown> } {
  return (window as any).__beacon || {};
}

/** Takes each given option that has its default's type; a string is read as that type. */
export function configure(given: Record<string, unknown>): void {
  for (const key in options) {
    const value = given[key];
    const before = (options as any)[key];
    if (value == null) continue;
    const read = typeof before === 'boolean' ? value === '' || (value !== 'false' && !!value) : before.constructor(value);
    if (read === read) (options as any)[key] = read;
  }
  options.endpoint = options.endpoint.replace(/\/+$/, '');
}

/** Takes the site and the options that the script tag states. */
export function configureFromTag(): void {
  configure({ siteId: inlined().site || source?.searchParams.get('site') });
  if (tag) configure(tag.dataset as Record<string, unknown>);
}

const warned = new Set<string>();

/** Says something once, however often it happens. */
export function warnOnce(message: string): void {
  if (warned.has(message)) return;
  warned.add(message);
  console.warn('[beacon] ' + message);
}

/**
 * Runs a part of the script, or of the site. Its exception, or its promise's, ends neither the page's code nor another
 * part, and becomes null. `what` says in debug mode who failed.
 */
export function safely<T>(run: () => T, what?: string): T | null {
  const failed = (error: unknown): null => {
    if (what) debug(what + ' failed.', error);
    return null;
  };
  try {
    const answer: any = run();
    return answer?.then ? answer.then(null, failed) : answer;
  } catch (error) {
    return failed(error);
  }
}

/** Says something in debug mode. */
export function debug(message: string, detail?: unknown): void {
  if (options.debug) console.warn('[beacon] ' + message, detail ?? '');
}
