import * as experiments from './experiments';
import * as flags from './flags';
import { configure, configureFromTag, debug, options, warnOnce } from './options';
import { trackPageView, watchClicks, watchPages, watchTimings } from './pageviews';
import { drain, drop, flush, watch } from './queue';
import { record, valued } from './record';
import { allowed, decide } from './storage';
import { identify, reset } from './visitor';

let started = false;
let viewed = false;
let extended = false;

function init(given: Record<string, unknown> = {}): void {
  if (started) return warnOnce('Beacon.init was called twice; the first call counts.');
  configure(given);
  if (!options.siteId) return warnOnce('Beacon.init needs a siteId.');
  started = true;
  experiments.readForced();
  experiments.autoActivate();
  watch();
  begin();
  if (options.trackClicks) watchClicks();
  if (options.trackUserTimings) watchTimings();
}

/** Starts counting pages, once there is leave to. */
function begin(): void {
  if (viewed || !options.trackPageViews || !allowed()) return;
  viewed = true;
  watchPages();
}

function setConsent(granted: boolean): void {
  const before = allowed();
  if (!granted) {
    reset();
    drop();
  }
  decide(!!granted);
  if (!started || before || !allowed()) return;
  if (viewed) trackPageView();
  begin();
  experiments.autoActivate();
}

function trackEvent(event: Record<string, unknown>): void {
  const { name, category, label, value, properties } = event || {};
  if (!name) return debug('A name is needed.');
  record('event', { name, category, label, ...valued(value, properties) }, options.directEvents);
}

type Api = Record<string, (...args: any[]) => any>;

const beacon: Api = {
  init,
  trackEvent,
  trackPageView,
  setConsent,
  identify,
  reset: () => (drop(), reset()),
  flush: () => Promise.all([flush(), drain()]).then(() => undefined),
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

const beaconFlags: Api = { get: flags.get, isOn: flags.isOn, onChange: flags.onChange };

/** What a call answers when it cannot be served. */
function instead(method: string, args: any[]): unknown {
  if (method === 'get') return args[1];
  if (method === 'isOn') return false;
  if (/^(activate|getV|isIn|flush)/.test(method)) return Promise.resolve(method === 'isInVariant' ? false : null);
}

/** No exception of ours reaches the page; what is called before `init` warns once and does no harm. */
function guarded(global: string, api: Api): Api {
  const out: Api = {};
  for (const method in api) {
    out[method] = (...args: any[]) => {
      try {
        // Definitions of behaviours wait for init, and consent may be known before it.
        const waits = method === 'init' || /^(define|setConsent|onChange)/.test(method);
        if (started || waits) {
          const answer = api[method](...args);
          return answer instanceof Promise ? answer.catch(() => instead(method, args)) : answer;
        }
        warnOnce(global + '.' + method + ' was called before Beacon.init.');
      } catch (e) {
        debug(global + '.' + method + ' failed.', e);
      }
      return instead(method, args);
    };
  }
  return out;
}

type Call = [method: string, args?: ArrayLike<unknown>, resolve?: (answer: unknown) => void];

function install(): void {
  const page = window as any;
  if (page.Beacon && page.Beacon.trackEvent && !page.Beacon.q) return warnOnce('The script was called twice; the first call counts.');
  const apis: [string, Api][] = [
    ['Beacon', guarded('Beacon', beacon)],
    ['BeaconExperiments', guarded('BeaconExperiments', beaconExperiments)],
    ['BeaconFlags', guarded('BeaconFlags', beaconFlags)],
  ];
  const queues = apis.map(([name, api]) => {
    const calls: Call[] = (page[name] && page[name].q) || [];
    page[name] = api;
    return calls;
  });
  configureFromTag();
  // A queued init carries options that the tag alone does not: it goes first.
  const first = queues[0].findIndex((c) => c && c[0] === 'init');
  if (first >= 0) beaconCall(apis[0][1], queues[0].splice(first, 1)[0]);
  else if (options.siteId) apis[0][1].init();
  apis.forEach(([, api], i) => queues[i].forEach((c) => beaconCall(api, c)));
}

function beaconCall(api: Api, call: Call): void {
  const [method, args, resolve] = call || [];
  const answer = method && api[method] && api[method](...Array.from(args || []));
  if (resolve) resolve(answer);
}

try {
  install();
} catch (e) {
  debug('The start failed.', e);
}
