import * as experiments from './experiments';
import * as flags from './flags';
import { notify } from './definitions';
import { configure, configureFromTag, debug, options, safely, warnOnce } from './options';
import { trackPageView, watchClicks, watchPages, watchTimings } from './pageviews';
import { drain, drop, flush, watch } from './queue';
import { record, valued } from './record';
import { allowed, decide } from './storage';
import { identify, reset, userId } from './visitor';

let started = false;
let viewed = false;
let extended = false;

function init(given: Record<string, unknown> = {}): void {
  if (started) return warnOnce('Beacon.init was called twice; the first call counts.');
  configure(given);
  if (!options.siteId) return warnOnce('Beacon.init needs a siteId.');
  started = true;
  const parts = [experiments.readForced, experiments.autoActivate, watch, begin, options.trackClicks && watchClicks, options.trackUserTimings && watchTimings];
  for (const part of parts) if (part) safely(part);
}

/** Starts counting pages, unless the visitor may not be measured yet. */
function begin(): void {
  if (viewed || !options.trackPageViews || !allowed()) return;
  viewed = true;
  watchPages();
}

function setConsent(granted: boolean): void {
  const before = allowed();
  if (!granted) {
    drop();
    reset();
  }
  decide(!!granted);
  if (!started || before === allowed()) return;
  if (!before) {
    if (viewed) trackPageView();
    begin();
    experiments.autoActivate();
  }
  notify();
}

function trackEvent(event: Record<string, unknown>): void {
  const { id, name, category, label, value, properties } = event || {};
  if (!name) return debug('A name is needed.');
  record('event', { id, name, category, label, ...valued(value, properties) }, options.directEvents);
}

type Api = Record<string, (...args: any[]) => any>;

const beacon: Api = {
  init,
  trackEvent,
  trackPageView,
  setConsent,
  identify(name: unknown) {
    const before = userId();
    identify(name);
    if (userId() !== before) notify();
  },
  reset() {
    reset();
    notify();
  },
  async flush() {
    await Promise.all([flush(), drain()]);
  },
};

const beaconExperiments: Api = {
  init(given: Record<string, unknown> = {}) {
    // The tag alone starts both, so the first explicit call is no repetition.
    if (extended) return warnOnce('BeaconExperiments.init was called twice; the first call counts.');
    extended = true;
    configure({ endpoint: given.endpoint, debug: given.debug });
    experiments.autoActivate();
  },
  defineExperimentBehaviors: experiments.defineExperimentBehaviors,
  activateAll: experiments.activateAll,
  activate: experiments.activate,
  getVariant: experiments.getVariant,
  isInVariant: experiments.isInVariant,
  trackConversion: experiments.trackConversion,
  resetAssignments: experiments.resetAssignments,
  forceVariant: experiments.forceVariant,
  getUserId: experiments.getUserId,
};

const apis: Record<string, Api> = {
  Beacon: beacon,
  BeaconExperiments: beaconExperiments,
  BeaconFlags: { get: flags.get, isOn: flags.isOn, onChange: flags.onChange },
};

/** No exception of ours reaches the page; what is called before `init` warns once and does no harm. */
function guarded(global: string, api: Api): Api {
  const out: Api = {};
  for (const method in api) {
    const name = global + '.' + method;
    out[method] = (...args: any[]) => {
      // Definitions of behaviours wait for init, and consent may be known before it.
      if (!started && !/^(init|define|setConsent|onChange)/.test(method)) warnOnce(name + ' was called before Beacon.init.');
      return safely(() => api[method](...args), name);
    };
  }
  return out;
}

type Call = [method: string, args?: ArrayLike<unknown>, resolve?: (answer: unknown) => void];

function install(): void {
  const page = window as any;
  if (page.Beacon?.trackEvent && !page.Beacon.q) return warnOnce('The script was called twice; the first call counts.');
  const waiting: [name: string, call: Call][] = [];
  for (const name in apis) {
    for (const call of page[name]?.q || []) waiting.push([name, call]);
    page[name] = guarded(name, apis[name]);
  }
  configureFromTag();
  const isInit = ([name, call]: [string, Call]): boolean => name === 'Beacon' && call?.[0] === 'init';
  // A queued init carries options that the tag alone does not: it goes first.
  if (waiting.some(isInit)) waiting.sort((a, b) => +isInit(b) - +isInit(a));
  else if (options.siteId) page.Beacon.init();
  for (const [name, call] of waiting) {
    safely(() => {
      const [method, args, resolve] = call;
      const answer = page[name][method](...[].slice.call(args || []));
      resolve?.(answer);
    }, name);
  }
}

safely(install, 'The start');
