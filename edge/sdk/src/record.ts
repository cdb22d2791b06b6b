import { options } from './options';
import { add } from './queue';
import { allowed, read, write } from './storage';
import { count, sessionId, userId, uuidv7, visitorId } from './visitor';

let forced: Record<string, string> = {};

/** Variants forced by hand; while there are any, results leave this visitor's events out. */
export function forcedVariants(): Record<string, string> {
  return { ...read<Record<string, string>>('forced'), ...forced };
}

export function force(experiment: string, variant: string): void {
  forced[experiment] = variant;
  write('forced', forcedVariants());
}

export function unforce(): void {
  forced = {};
}

/** Runs now, or when a prerendered page is shown: what nobody saw did not happen. */
export function whenShown(run: () => void): void {
  if ((document as any).prerendering) document.addEventListener('prerenderingchange', run, { once: true });
  else run();
}

const cut = (text: unknown, most: number): string | undefined => (text == null || text === '' ? undefined : String(text).slice(0, most));

/** The page's address; without its fragment, unless fragments are its routes. */
export function address(): string {
  return options.hashRouting ? location.href : location.href.split('#')[0];
}

export type Fields = Record<string, unknown>;

/** Completes an event and queues it. */
export function record(type: string, fields: Fields, direct = false, durable = false): void {
  const href = address();
  whenShown(() => {
    if (!allowed()) return;
    const at = new URL(String(fields.url || href), location.href);
    const user = userId();
    const props = { ...(options.appName && { app_name: options.appName }), ...(user && { user_id: user }), ...(fields.props as Fields) };
    const event: any = {
      event_id: uuidv7(),
      site_id: options.siteId,
      ts: Date.now(),
      type,
      visitor_id: visitorId(),
      session_id: sessionId(),
      language: cut(navigator.language, 35),
      ...fields,
      url: cut(at.href, 2000),
      path: cut(fields.path || at.pathname + (options.hashRouting ? at.hash : ''), 1000),
      title: cut(fields.title || document.title, 300),
      referrer: cut(fields.referrer || document.referrer, 2000),
      name: cut(fields.name, 120),
      category: cut(fields.category, 120),
      label: cut(fields.label, 300),
      props: Object.keys(props).length ? props : undefined,
      marks: Object.keys(forcedVariants()).length ? ['forced'] : undefined,
      schema_version: 1,
    };
    for (const k of ['source', 'medium', 'campaign', 'term', 'content']) event['utm_' + k] = cut(at.searchParams.get('utm_' + k), 200);
    if (type === 'pageview' || type === 'event') count(event.name || '');
    add(event, direct, durable);
  });
}

/** Splits what a site calls a value: a finite number has a column, other text goes into the properties. */
export function valued(value: unknown, properties: unknown): Fields {
  const props: Fields = properties && typeof properties === 'object' ? { ...properties } : {};
  const number = value === '' || value == null || typeof value === 'boolean' ? NaN : Number(value);
  if (isFinite(number)) return { value: number, props };
  if (value != null && value !== '') props.value = value;
  return { props };
}
