import { definitions, evaluated, known, refresh } from './definitions';
import { feature } from './eval/evaluate';
import { consented } from './storage';
import { debug, options } from './options';

/** Well inside the minute in which a killed flag must be off. */
const POLL = 30000;
const listeners: (() => void)[] = [];
let polling = 0;

/** The value of a flag for this visitor; null when it is not defined. */
function evaluate(key: string): unknown {
  if (known()) return evaluated((context) => feature(key, context)).value;
  void definitions().then((p) => p && notify());
  return null;
}

export function get<T>(key: string, fallback: T): T {
  return (evaluate(key) as T) ?? fallback;
}

export const isOn = (key: string): boolean => !!evaluate(key);

function notify(): void {
  for (const tell of listeners) {
    try {
      tell();
    } catch (e) {
      debug('A listener failed.', e);
    }
  }
}

/** Calls back when definitions arrive or change; while somebody listens and looks, they are asked for. */
export function onChange(callback: () => void): () => void {
  listeners.push(callback);
  if (!known()) void definitions().then((p) => p && notify());
  if (!polling) {
    polling = window.setInterval(async () => {
      if (document.visibilityState === 'hidden' || (options.requireConsent && !consented())) return;
      const before = JSON.stringify(known());
      const now = await refresh();
      if (now && JSON.stringify(now) !== before) notify();
    }, POLL);
  }
  return () => {
    const i = listeners.indexOf(callback);
    if (i >= 0) listeners.splice(i, 1);
    if (!listeners.length) polling = void clearInterval(polling) as never;
  };
}
