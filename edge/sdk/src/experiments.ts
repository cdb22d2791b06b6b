import { definitions, evaluated, known, type Experiment } from './definitions';
import { run, variationKey } from './eval/evaluate';
import { redirect } from './eval/redirect';
import { isTargeted } from './eval/url';
import { debug, options, warnOnce } from './options';
import { address, force, forcedVariants, record, unforce, valued, whenShown } from './record';
import { read, remove, write } from './storage';
import { isLasting, visitorId } from './visitor';

interface Behaviour {
  id: string;
  autoActivate?: boolean;
  variants?: { id: string; activate?: (config: unknown) => unknown }[];
}

export interface Variant {
  variant_id: string;
  config: unknown;
}

/** `measured` is false for who gets the control without being part of the experiment. */
interface Choice extends Variant {
  measured: boolean;
}

const MOST_REMEMBERED = 200;
const behaviours = new Map<string, Behaviour>();
/** What this page shows stays, whatever is decided later: a page must not flip under its reader. */
const applied = new Map<string, Choice>();

const find = (id: string): Experiment | undefined => known()?.experiments?.find((e) => e.key === id);
const place = (e: Experiment): string => e.key + ':' + (e.phase || '0');

const choice = (e: Experiment, i: number, measured: boolean): Choice => ({ variant_id: variationKey(e, i), config: e.variations[i], measured });

/** Whoever cannot be recognised at the next page gets the control, where the experiment runs at all. */
const unmeasured = (e: Experiment): Choice | null =>
  e.active === false || (e.status && e.status !== 'running') || (e.urlPatterns && !isTargeted(address(), e.urlPatterns)) ? null : choice(e, 0, false);

function choose(id: string): Choice | null {
  const shown = applied.get(id);
  const e = find(id);
  if (shown || !e) return shown || null;
  const isForced = id in forcedVariants();
  if (!isForced && !isLasting()) return unmeasured(e);
  const { index, at } = evaluated((context) => run(e, context));
  return index < 0 ? null : choice(e, index, isForced || at !== undefined);
}

/** One exposure per visitor, experiment, phase and variant, sent when the variant is applied. */
function expose(e: Experiment, c: Choice): void {
  if (!c.measured) return;
  const mark = place(e) + ':' + c.variant_id;
  const seen = read<string[]>('exposed') || [];
  const forced = Object.keys(forcedVariants()).length > 0;
  if (!forced && seen.indexOf(mark) >= 0) return;
  record('exposure', { experiment_id: e.key, variant_id: c.variant_id, props: { phase: e.phase || '0' } }, false, true);
  // A forced exposure is no exposure: the real one is still to come.
  if (!forced) write('exposed', seen.concat(mark).slice(-MOST_REMEMBERED));
}

function apply(id: string): Choice | null {
  const e = find(id);
  const c = choose(id);
  if (!e || !c || applied.has(id)) return c;
  const behaviour = behaviours.get(id);
  if (!behaviour) {
    debug('No behaviour is defined for ' + id);
    return c;
  }
  applied.set(id, c);
  // Also when the site's function fails: whoever was assigned counts, or the groups would not be comparable.
  whenShown(() => expose(e, c));
  const failed = (error: unknown): void => debug('The variant failed: ' + id, error);
  try {
    const variant = (behaviour.variants || []).find((v) => v.id === c.variant_id);
    const result: any = variant && variant.activate && variant.activate(c.config == null ? {} : c.config);
    if (result && result.then) result.then(null, failed);
  } catch (error) {
    failed(error);
  }
  return c;
}

const shape = (c: Choice | null): Variant | null => c && { variant_id: c.variant_id, config: c.config };

/** Sends the visitor where a redirect experiment leads; returns whether it did. */
function follow(): boolean {
  const found = isLasting() && evaluated(redirect);
  if (!found) return false;
  const { experiment, index, at } = found.assignment;
  const leads = /^https?:/.test(found.url || '');
  whenShown(() => {
    expose(experiment, choice(experiment, index, at !== undefined));
    if (leads) location.replace(found.url!);
  });
  return leads;
}

/** Applies what is defined and wants to be applied by itself, unless the visitor is sent away. */
export function autoActivate(): void {
  const run = (): unknown =>
    follow() ||
    behaviours.forEach((b, id) => {
      const e = find(id);
      if (e && (b.autoActivate == null ? e.autoActivate : b.autoActivate)) apply(id);
    });
  // With inlined definitions it happens at once: a promise's turn could let the original be painted.
  if (known()) run();
  else if (behaviours.size) void definitions().then(run);
}

/** `?beacon_force=experiment:variant,…` shows a variant on the real page. */
export function readForced(): void {
  const wanted = new URLSearchParams(location.search).get('beacon_force');
  for (const pair of wanted ? wanted.split(',') : []) {
    const [experiment, variant] = pair.split(':');
    if (variant) force(experiment, variant);
  }
}

export function defineExperimentBehaviors(list: Behaviour[]): void {
  for (const b of Array.isArray(list) ? list : [list]) if (b && b.id) behaviours.set(b.id, b);
  autoActivate();
}

export async function activate(id: string): Promise<Variant | null> {
  await definitions();
  return shape(apply(id));
}

export async function activateAll(): Promise<void> {
  await definitions();
  behaviours.forEach((_, id) => apply(id));
}

export async function getVariant(id: string): Promise<Variant | null> {
  await definitions();
  return shape(choose(id));
}

export async function isInVariant(id: string, variant: string): Promise<boolean> {
  const c = await getVariant(id);
  return !!c && c.variant_id === variant;
}

/** The variant of an experiment whose definition is not here, or no longer, or not for this page. */
function remembered(id: string): string | undefined {
  const all = read<Record<string, string>>('assign') || {};
  const key = Object.keys(all).filter((k) => k.split('||').pop()!.replace(/__[^_]*$/, '') === id).pop();
  return key && all[key];
}

export function trackConversion(id: string, name: string, value?: unknown, properties?: unknown): void {
  if (!name) return debug('A name is needed.');
  const c = choose(id);
  if (c && !c.measured) return;
  const variant = c ? c.variant_id : remembered(id);
  if (variant) record('conversion', { experiment_id: id, variant_id: variant, name, ...valued(value, properties) }, options.directEvents, true);
  else if (known()) debug('Not in ' + id + ': no conversion is sent.');
  else void definitions().then((p) => p && trackConversion(id, name, value, properties));
}

function debugOnly(): boolean {
  if (!options.debug) warnOnce('This works in debug mode only.');
  return options.debug;
}

export function resetAssignments(): void {
  if (!debugOnly()) return;
  ['assign', 'exposed', 'forced'].forEach(remove);
  unforce();
  applied.clear();
}

export function forceVariant(id: string, variant: string): void {
  if (!debugOnly()) return;
  force(id, variant);
  if (applied.delete(id)) apply(id);
}

export function getUserId(): string | null {
  return debugOnly() ? visitorId() || null : null;
}
