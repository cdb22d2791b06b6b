import { options, safely } from './options';
import { address, record, recorded, valued, whenShown, type Fields } from './record';
import { cut } from './values';

let current = '';
let previous = '';

export function trackPageView(overrides: Fields = {}): void {
  const { url, path, title, referrer, properties } = overrides || {};
  record('pageview', { url, path, title, referrer: referrer || previous, ...valued(undefined, properties) }, options.directPageViews);
}

function moved(): void {
  const now = address();
  if (now === current) return;
  previous = current;
  current = now;
  // Frameworks set the title after they push the address.
  setTimeout(() => trackPageView({ url: now }));
}

/** Counts this page, and those that a single-page app shows after it. */
export function watchPages(): void {
  current = address();
  trackPageView();
  for (const name of ['pushState', 'replaceState'] as const) {
    const original = history[name];
    // A page may have made its history read-only.
    safely(() => {
      history[name] = function (this: History, ...args: any) {
        original.apply(this, args);
        moved();
      };
    });
  }
  addEventListener('popstate', moved);
  if (options.hashRouting) addEventListener('hashchange', moved);
  addEventListener('pageshow', (e) => e.persisted && trackPageView());
}

export function watchClicks(): void {
  document.addEventListener(
    'click',
    (e) => {
      const link = (e.target as Element).closest?.<HTMLAnchorElement>('a[href]');
      if (!link) return;
      const category = link.host === location.host ? 'internal' : 'outbound';
      record('click', { name: 'link_click', category, label: (link.textContent || '').trim(), props: { href: cut(recorded(link.href)?.href, 1000) } });
    },
    true,
  );
}

/** Records how long this page took to load, in milliseconds. */
export function watchTimings(): void {
  const report = (): void => {
    const nav = performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming | undefined;
    const paint = performance.getEntriesByName('first-contentful-paint')[0];
    const measured = [
      ['ttfb', nav?.responseStart],
      ['fcp', paint?.startTime],
      ['dom_ready', nav?.domContentLoadedEventEnd],
      ['load', nav?.loadEventEnd],
    ] as const;
    for (const [name, value] of measured) if (value) record('timing', { name, category: 'navigation', value: Math.round(value) });
  };
  // The load event's own end is known only after it.
  whenShown(() => (document.readyState === 'complete' ? report() : addEventListener('load', () => setTimeout(report))));
}
