import { assign, hashValue, kept, type Experiment } from './assign';
import { attributes, definitions, known, refresh } from './definitions';
import { consented } from './storage';
import { hash } from './hash';
import { debug, options } from './options';

/** Well inside the minute in which a killed flag must be off. */
const POLL = 30000;
const listeners: (() => void)[] = [];
let polling = 0;

/** The value of a flag for this visitor; undefined when it is not defined. */
function evaluate(key: string): unknown {
  const payload = known();
  if (!payload) {
    void definitions().then((p) => p && notify());
    return undefined;
  }
  const feature = Object.prototype.hasOwnProperty.call(payload.features || {}, key) && payload.features![key];
  if (!feature) return undefined;
  const attrs = attributes();
  for (const rule of feature.rules || []) {
    if (kept({ ...rule, force: null })) continue;
    if ('force' in rule) {
      const value = hashValue(rule.hashAttribute, attrs);
      if (rule.range || rule.coverage != null) {
        const at = value ? hash(rule.seed || key, value, rule.hashVersion || 1) : null;
        if (at === null || (rule.range ? at < rule.range[0] || at >= rule.range[1] : rule.coverage === 0 || at > rule.coverage)) continue;
      }
      return rule.force;
    }
    if (rule.variations) {
      const i = assign({ ...rule, key: rule.key || key } as Experiment, attrs);
      if (i >= 0) return rule.variations[i];
    }
  }
  return feature.defaultValue;
}

export function get<T>(key: string, fallback: T): T {
  const value = evaluate(key);
  return value == null ? fallback : (value as T);
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
