import { debug, options } from './options';
import { allowed, read, write } from './storage';
import { post, size } from './transport';

/** An event as the collector reads it. */
export interface Event {
  event_id: string;
  [field: string]: unknown;
}

const MOST_STORED = 500;
const MOST_EVENTS = 100;
const MOST_BYTES = 56000;
const LONGEST_WAIT = 60000;

let pending: Event[] = [];
let timer = 0;
let retryTimer = 0;
let failures = 0;
/** Stored events that this page is sending, or about to. */
const claimed = new Set<string>();

const stored = (): Event[] => read<Event[]>('queue') || [];

function store(events: Event[]): void {
  const known = stored();
  const fresh = events.filter((e) => !known.some((k) => k.event_id === e.event_id));
  if (fresh.length) write('queue', known.concat(fresh).slice(-MOST_STORED));
}

function unstore(events: Event[]): void {
  const known = stored();
  const left = known.filter((k) => !events.some((e) => e.event_id === k.event_id));
  if (left.length < known.length) write('queue', left);
}

/** Batches the collector and a keepalive request can carry. */
export function chunks(events: Event[]): Event[][] {
  const out: Event[][] = [];
  let bytes = Infinity;
  for (const e of events) {
    const more = size(JSON.stringify(e)) + 1;
    if (bytes + more > MOST_BYTES || out[out.length - 1].length >= MOST_EVENTS) {
      out.push([]);
      bytes = 0;
    }
    out[out.length - 1].push(e);
    bytes += more;
  }
  return out;
}

async function send(events: Event[], leaving = false): Promise<boolean> {
  events.forEach((e) => claimed.add(e.event_id));
  const outcome = await post(events, leaving);
  if (outcome === 'done') unstore(events);
  else store(events);
  events.forEach((e) => claimed.delete(e.event_id));
  if (outcome === 'done') {
    failures = 0;
    return true;
  }
  const wait = outcome === 'retry' ? 1000 * 2 ** failures++ * (0.5 + Math.random()) : outcome;
  clearTimeout(retryTimer);
  retryTimer = window.setTimeout(drain, Math.min(wait, LONGEST_WAIT));
  return false;
}

/** Sends what an earlier page or an earlier failure left behind, one batch after the other. */
export async function drain(): Promise<void> {
  clearTimeout(retryTimer);
  if (!allowed()) return;
  const mine = stored().filter((e) => e.site_id === options.siteId && !claimed.has(e.event_id));
  const batch = chunks(mine)[0];
  if (batch && (await send(batch))) await drain();
}

/** Queues an event; `durable` ones are stored before they are sent, because losing them would bias results. */
export function add(event: Event, direct: boolean, durable: boolean): void {
  if (size(JSON.stringify(event)) > MOST_BYTES) return debug('The event is too large.');
  if (durable) {
    claimed.add(event.event_id);
    store([event]);
  }
  pending.push(event);
  if (direct || pending.length >= options.batchSize) flush();
  else if (!timer) timer = window.setTimeout(flush, options.batchTimeout);
}

/** Sends what is queued. */
export async function flush(leaving?: unknown): Promise<void> {
  clearTimeout(timer);
  timer = 0;
  const events = pending;
  pending = [];
  if (allowed()) await Promise.all(chunks(events).map((c) => send(c, leaving === true)));
}

/** Drops what is queued: the visitor has said no. */
export function drop(): void {
  pending = [];
  claimed.clear();
  clearTimeout(timer);
  clearTimeout(retryTimer);
  timer = 0;
}

/** Watches for the moments that decide whether an event arrives. */
export function watch(): void {
  const leave = (): void => void flush(true);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && leave());
  addEventListener('pagehide', leave);
  addEventListener('online', () => {
    failures = 0;
    void drain();
  });
  void drain();
}
