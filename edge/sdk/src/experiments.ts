import { definitions, evaluated, known, type Experiment } from './definitions';
import { run, variationKey } from './eval/evaluate';
import { redirect } from './eval/redirect';
import { isTargeted } from './eval/url';
import { debug, options, safely, warnOnce } from './options';
import { address, force, forcedVariant, record, unforce, valued, whenShown } from './record';
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

/** A variant for this visitor. `measured` is false for visitors who get the control without being part of the experiment. */
interface Choice extends Variant {
  phase: unknown;
  measured: boolean;
  /** True if the site's function has run. */
  isPerformed?: boolean;
}

const MOST_REMEMBERED = 200;
const behaviours = new Map<string, Behaviour>();
/** The variants that this page shows. They stay, whatever is decided later: a page must not change under its reader. */
const applied = new Map<string, Choice>();

const find = (id: string): Experiment | undefined => known()?.experiments?.find((e) => e.key === id);

const choice = (e: Experiment, i: number, measured: boolean): Choice => ({
  variant_id: variationKey(e, i),
  config: e.variations[i],
  phase: e.phase,
  measured,
});

/** The control, for visitors whom the next page cannot recognise; null if the experiment does not run here. */
const unmeasured = (e: Experiment): Choice | null =>
  e.active === false || (e.status && e.status !== 'running') || (e.urlPatterns && !isTargeted(address(), e.urlPatterns)) ? null : choice(e, 0, false);

function choose(id: string): Choice | null {
  const shown = applied.get(id);
  const e = find(id);
  if (shown || !e) return shown || null;
  const isForced = !!forcedVariant(id);
  if (!isForced && !isLasting()) return unmeasured(e);
  const { index, at } = evaluated((context) => run(e, context));
  return index < 0 ? null : choice(e, index, isForced || at !== undefined);
}

/** Records one exposure per visitor, experiment, phase and variant, when the page is shown. */
export function expose(experiment: string, phase: unknown, variant: string): void {
  whenShown(() => {
    const mark = [experiment, phase, variant].join(':');
    const seen = read<string[]>('exposed') || [];
    const isForced = forcedVariant(experiment);
    if (seen.includes(mark) && !isForced) return;
    record('exposure', { experiment_id: experiment, variant_id: variant, phase }, false, true);
    // A forced exposure does not count: the real one is still to come.
    if (!isForced) write('exposed', [...seen, mark].slice(-MOST_REMEMBERED));
  });
}

/** Shows the visitor's variant, with the site's behaviour if it has one, and exposes the visitor. */
function apply(id: string): Choice | null {
  const c = choose(id);
  if (!c) return c;
  if (!applied.has(id)) {
    applied.set(id, c);
    // Before the site's function runs, which may fail: all who were assigned count, or the groups would not be comparable.
    if (c.measured) expose(id, c.phase, c.variant_id);
  }
  const behaviour = behaviours.get(id);
  if (!behaviour || c.isPerformed) return c;
  c.isPerformed = true;
  safely(() => behaviour.variants?.find((v) => v.id === c.variant_id)?.activate?.(c.config ?? {}), 'The variant of ' + id);
  return c;
}

const shape = (c: Choice | null): Variant | null => c && { variant_id: c.variant_id, config: c.config };

/** Sends the visitor where a redirect experiment leads; returns whether it did. A redirect that does not happen exposes nobody. */
function follow(): boolean {
  const found = isLasting() && evaluated(redirect);
  if (!found) return false;
  const { experiment, index, at } = found.assignment;
  const leads = /^https?:/.test(found.url || '');
  if (found.target && !leads) return false;
  if (at !== undefined) expose(experiment.key, experiment.phase, variationKey(experiment, index));
  if (leads) whenShown(() => location.replace(found.url!));
  return leads;
}

/** Applies what is defined and wants to be applied by itself, unless the visitor is sent away. */
export function autoActivate(): void {
  const run = (): unknown =>
    follow() ||
    behaviours.forEach((b, id) => {
      const e = find(id);
      if (e && (b.autoActivate ?? e.autoActivate)) safely(() => apply(id));
    });
  // With inlined definitions it happens at once: a promise's turn could let the original be painted.
  if (known()) run();
  else if (behaviours.size) void definitions().then(run);
}

/** Reads `?beacon_force=experiment:variant,…`, which shows variants on the real page. An empty variant, or nothing at all, ends it. */
export function readForced(): void {
  const wanted = new URLSearchParams(location.search).get('beacon_force');
  if (wanted === '') unforce();
  for (const pair of wanted?.split(',') || []) {
    const [experiment, variant] = pair.split(':');
    force(experiment, variant || undefined);
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
  return (await getVariant(id))?.variant_id === variant;
}

/** The last exposure to an experiment that a flag runs, or whose definition is not here or not for this page. */
function remembered(id: string): { variant_id?: string; phase?: unknown } {
  const mark = (read<string[]>('exposed') || []).findLast((m) => m.startsWith(id + ':')) || id;
  const [phase, variant_id] = mark.slice(id.length + 1).split(':');
  return { variant_id, phase };
}

export function trackConversion(id: string, name: string, value?: unknown, properties?: unknown): void {
  if (!name) return debug('A name is needed.');
  const c = choose(id);
  if (c && !c.measured) return;
  const { variant_id, phase } = c || remembered(id);
  if (variant_id) {
    record('conversion', { experiment_id: id, variant_id, phase, name, ...valued(value, properties) }, options.directEvents, true);
  } else if (known()) debug('Not in ' + id + ': no conversion is sent.');
  else void definitions().then((p) => p && trackConversion(id, name, value, properties));
}

function debugOnly(): boolean {
  if (!options.debug) warnOnce('This works in debug mode only.');
  return options.debug;
}

export function resetAssignments(): void {
  if (!debugOnly()) return;
  ['assign', 'exposed'].forEach(remove);
  unforce();
  applied.clear();
}

export function forceVariant(id: string, variant: string): void {
  if (!debugOnly()) return;
  force(id, variant);
  if (applied.delete(id)) apply(id);
}

export function getUserId(): string | null {
  return (debugOnly() && visitorId()) || null;
}
