import { parsed, type Json } from '../values';
import { run, type Assignment, type Context } from './evaluate';
import { isTargeted } from './url';

/** The redirect experiment that a visitor of a page is in. */
export interface Redirect {
  assignment: Assignment;
  /** The variation's target as it is written; undefined for a variation that stays. */
  target?: string;
  /** The address to go to; undefined to stay, also when the target is a page that the experiment itself is on. */
  url?: string;
}

/** The first redirect experiment that the visitor is in. No further one applies to the same page. */
export function redirect(context: Context): Redirect | undefined {
  for (const e of context.experiments || []) {
    const targets: string[] = (e.variations || []).map((v: Json) => v?.urlRedirect);
    if (!e.urlPatterns || !targets.some(Boolean) || ![context.url || '', ...targets.filter(Boolean)].every((url) => parsed(url))) continue;
    const assignment = run(e, context);
    const target = targets[assignment.index];
    if (assignment.index < 0) continue;
    if (!target) return { assignment };
    const to = new URL(target);
    if (e.persistQueryString) {
      new URL(context.url!).searchParams.forEach((value, name) => to.searchParams.has(name) || to.searchParams.set(name, value));
    }
    const url = e.persistQueryString ? to.href : target;
    return { assignment, target, url: isTargeted(url, e.urlPatterns) ? undefined : url };
  }
}
