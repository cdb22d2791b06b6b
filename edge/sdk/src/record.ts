import { options, safely } from './options';
import { add } from './queue';
import { allowed, read, remove, write } from './storage';
import { cut, isObject, own, parsed, toJson } from './values';
import { count, sessionId, userId, uuidv7, visitorId } from './visitor';

let forced: Record<string, string | undefined> = {};

/** The variants that were forced by hand in this tab, by experiment. */
const forcedVariants = (): typeof forced => ({ ...read<typeof forced>('forced'), ...forced });

export const forcedVariant = (experiment: unknown): string | undefined => own(forcedVariants(), experiment as string);

/** Forces a variant while the tab is open; without a variant, the experiment is as before. */
export function force(experiment: string, variant?: string): void {
  write('forced', (forced = { ...forcedVariants(), [experiment]: variant }));
}

export function unforce(): void {
  forced = {};
  remove('forced');
}

/** Runs now, or when a prerendered page is shown: what nobody saw did not happen. */
export function whenShown(run: () => void): void {
  if ((document as any).prerendering) document.addEventListener('prerenderingchange', run, { once: true });
  else run();
}

/** The page's address; without its fragment, unless fragments are its routes. */
export function address(): string {
  return options.hashRouting ? location.href : location.href.split('#')[0];
}

/** An address as it is recorded. Of its parameters only campaigns' and allowed ones stay: others can hold secrets. */
export function recorded(address: unknown): URL | undefined {
  const url = address ? parsed(String(address), location.href) : undefined;
  if (!url) return;
  const allowedParameters = options.allowedParameters.split(/[\s,]+/);
  for (const name of [...url.searchParams.keys()]) {
    if (!name.startsWith('utm_') && !allowedParameters.includes(name)) url.searchParams.delete(name);
  }
  url.hash = options.hashRouting ? url.hash.split('?')[0] : '';
  return url;
}

export type Fields = Record<string, unknown>;

/** How many characters of each text are recorded. */
const LONGEST: Record<string, number> = {
  id: 120,
  phase: 64,
  name: 120,
  category: 120,
  label: 300,
  url: 2000,
  path: 1000,
  title: 300,
  referrer: 2000,
};

/** Completes an event and queues it. */
export function record(type: string, fields: Fields, direct = false, durable = false): void {
  const href = address();
  whenShown(() => {
    if (!allowed()) return;
    const here = recorded(fields.url || href) || recorded(href)!;
    const props = { app_name: options.appName || undefined, user_id: userId() || undefined, ...(fields.props as Fields) };
    const event: any = {
      event_id: uuidv7(),
      site_id: options.siteId,
      ts: Date.now(),
      type,
      visitor_id: visitorId(),
      session_id: sessionId(),
      language: navigator.language,
      ...fields,
      url: here.href,
      path: fields.path || here.pathname + here.hash,
      title: fields.title || document.title,
      referrer: recorded(fields.referrer || document.referrer)?.href,
      props,
      marks: forcedVariant(fields.experiment_id) ? ['forced'] : undefined,
      schema_version: 1,
    };
    for (const name in LONGEST) event[name] = cut(event[name], LONGEST[name]);
    for (const name of ['source', 'medium', 'campaign', 'term', 'content']) event['utm_' + name] = cut(here.searchParams.get('utm_' + name), 200);
    if (type === 'pageview' || type === 'event') count(event.name || '');
    add(event, direct, durable);
  });
}

/**
 * Splits what a site calls a value: a finite number has a column, anything else goes into the properties. What JSON
 * cannot say, such as an object inside itself, is left out of these.
 */
export function valued(value: unknown, properties: unknown): Fields {
  const number = (typeof value === 'string' && value.trim()) || /number|bigint/.test(typeof value) ? Number(value) : NaN;
  const given: Fields = isObject(properties) ? (properties as Fields) : {};
  const props: Fields = {};
  const keep = (key: string, part: () => unknown): unknown => safely(() => (props[key] = JSON.parse(toJson(part()))));
  for (const key of Object.keys(given)) keep(key, () => given[key]);
  if (isFinite(number)) return { value: number, props };
  if (value !== '') keep('value', () => value ?? undefined);
  return { props };
}
