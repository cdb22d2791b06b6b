import { definitions, evaluated, known, listeners, refresh } from './definitions';
import { feature, variationKey } from './eval/evaluate';
import { expose } from './experiments';
import { options, safely } from './options';
import { consented } from './storage';

/** With the 25 seconds for which the edge may answer from memory: inside the minute in which a flag must be off. */
const POLL = 30000;
let polling = 0;

/** The value of a flag for this visitor, who is exposed when an experiment decides it; null when it is not defined. */
function evaluate(key: string): unknown {
  if (!known()) {
    void definitions();
    return null;
  }
  const { value, rule, assignment } = evaluated((context) => feature(key, context));
  if (assignment?.at !== undefined) expose(rule.key || key, rule.phase, variationKey(rule, assignment.index));
  return value;
}

export function get<T>(key: string, fallback: T): T {
  return (safely(() => evaluate(key)) as T) ?? fallback;
}

export const isOn = (key: string): boolean => !!safely(() => evaluate(key));

function poll(): void {
  if (!document.hidden && (!options.requireConsent || consented())) void refresh();
}

/** Calls back when definitions arrive or change; while somebody listens and looks, they are asked for. */
export function onChange(callback: () => void): () => void {
  const listener = (): void => callback();
  listeners.add(listener);
  void definitions();
  polling ||= setInterval(poll, POLL);
  return () => {
    listeners.delete(listener);
    if (listeners.size) return;
    clearInterval(polling);
    polling = 0;
  };
}
