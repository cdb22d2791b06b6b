import { debug, options } from './options';
import { allowed, read, remove, write } from './storage';
import { post, size } from './transport';
import { toJson } from './values';

/** An event as the collector reads it. */
export interface Event {
  event_id: string;
  ts: number;
  /** How often it was sent in vain; the collector does not get this. */
  failures?: number;
  [field: string]: unknown;
}

const MOST_STORED = 500;
const MOST_EVENTS = 100;
const MOST_BYTES = 56000;
/** The longest wait after a failure, and the longest that the collector can ask for, in milliseconds. */
const LONGEST_WAIT = 60000;
const LONGEST_HOLD = 3600000;
/** An event that failed this often is dropped once it is a day old. */
const MOST_FAILURES = 10;
const DAY = 86400000;

let pending: Event[] = [];
let timer = 0;
let retryTimer = 0;
let failuresInARow = 0;
/** Stored events that this page is sending, or about to. */
const claimed = new Set<string>();

const stored = (): Event[] => read<Event[]>('queue') || [];

/** Replaces events in the store by those of them that wait for another try, and leaves them to the next `drain`. */
function store(events: Event[], waiting: Event[]): void {
  const ids = new Set(events.map((e) => e.event_id));
  const known = stored();
  const others = known.filter((e) => !ids.has(e.event_id));
  if (waiting.length || others.length < known.length) write('queue', [...others, ...waiting].slice(-MOST_STORED));
  ids.forEach((id) => claimed.delete(id));
}

/**
 * Batches that the collector and a keepalive request can carry. Events that failed go last, in batches a tenth as large
 * each time, so that one that can never arrive is soon alone and behind the others.
 */
export function chunks(events: Event[]): Event[][] {
  const out: Event[][] = [];
  const tried = (e: Event): number => e.failures || 0;
  let bytes = 0;
  let last: Event[] | undefined;
  for (const e of [...events].sort((a, b) => tried(a) - tried(b))) {
    const more = size(toJson(e)) + 1;
    if (!last || bytes + more > MOST_BYTES || last.length >= MOST_EVENTS / 10 ** tried(e) || tried(last[0]) !== tried(e)) {
      out.push((last = []));
      bytes = 0;
    }
    last.push(e);
    bytes += more;
  }
  return out;
}

/** For how many milliseconds nothing can be sent: offline, or because the collector said so on this page or an earlier one. */
function pause(): number {
  if (!navigator.onLine) return LONGEST_WAIT;
  const left = (read<number>('hold') || 0) - Date.now();
  return left > 0 && left <= LONGEST_HOLD ? left : 0;
}

function drainIn(wait: number): void {
  clearTimeout(retryTimer);
  retryTimer = setTimeout(drain, wait);
}

async function send(events: Event[]): Promise<boolean> {
  events.forEach((e) => claimed.add(e.event_id));
  const outcome = await post(events);
  if (outcome === 'settled') {
    store(events, []);
    failuresInARow = 0;
    return true;
  }
  events.forEach((e) => (e.failures = (e.failures || 0) + 1));
  store(events, events.filter((e) => e.failures! < MOST_FAILURES || Math.abs(Date.now() - e.ts) < DAY));
  if (typeof outcome === 'number') write('hold', Date.now() + Math.min(outcome, LONGEST_HOLD));
  drainIn(pause() || Math.min(1000 * 2 ** failuresInARow++ * (0.5 + Math.random()), LONGEST_WAIT));
  return false;
}

/** Sends what an earlier page or an earlier failure left behind, one batch after the other. */
export async function drain(): Promise<void> {
  clearTimeout(retryTimer);
  if (!allowed()) return;
  if (pause()) return drainIn(pause());
  const mine = stored().filter((e) => e.site_id === options.siteId && !claimed.has(e.event_id));
  const batch = chunks(mine)[0];
  if (batch && (await send(batch))) await drain();
}

/** Queues an event; `durable` ones are stored before they are sent, because losing them would bias results. */
export function add(event: Event, direct: boolean, durable: boolean): void {
  if (size(toJson(event)) > MOST_BYTES) return debug('The event is too large.');
  if (durable) {
    store([event], [event]);
    claimed.add(event.event_id);
  }
  pending.push(event);
  if (direct || pending.length >= options.batchSize) flush();
  else timer ||= setTimeout(flush, options.batchTimeout);
}

/** Sends what is queued, or stores it while nothing can be sent. */
export async function flush(): Promise<void> {
  clearTimeout(timer);
  timer = 0;
  const events = pending;
  pending = [];
  if (!allowed()) return;
  if (pause()) {
    store(events, events);
    return drain();
  }
  await Promise.all(chunks(events).map(send));
}

/** Drops what is to be sent: the visitor has said no. */
export function drop(): void {
  pending = [];
  ['queue', 'hold'].forEach(remove);
  claimed.clear();
  clearTimeout(timer);
  clearTimeout(retryTimer);
  timer = 0;
}

/** Watches for the moments that decide whether an event arrives. */
export function watch(): void {
  document.addEventListener('visibilitychange', () => document.hidden && flush());
  addEventListener('pagehide', flush);
  addEventListener('online', () => {
    failuresInARow = 0;
    void drain();
  });
  void drain();
}
