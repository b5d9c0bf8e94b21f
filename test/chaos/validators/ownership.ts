import { type KeyChange } from '../recording/event.js';
import { type Finding } from './finding.js';

/** One stretch for which one holder's value stood in a key. */
export interface Tenure {
  readonly holder: string;
  readonly revision: number;
  /** Whose value it wrote over; undefined where the key was empty. */
  readonly over: string | undefined;
}

/** The successive holders of a key. A holder that rewrites its own value counts as the same, also after an absence. */
export function tenuresOf(history: readonly KeyChange[]): Tenure[] {
  const tenures: Tenure[] = [];
  let standing: string | undefined;
  for (const { kind, value = '', revision } of history) {
    if (kind === 'put' && value !== tenures.at(-1)?.holder)
      tenures.push({ holder: value, revision, over: standing });
    standing = kind === 'put' ? value : undefined;
  }
  return tenures;
}

/** A possible cause of a key's move from one owner to another. */
export interface Comings {
  readonly arrivals: number;
  readonly departures: number;
}

/** No flapping: the key changes hands at most once for each holder that comes or goes. */
export function noFlapping(
  history: readonly KeyChange[],
  key: string,
  { arrivals, departures }: Comings,
): Finding[] {
  const tenures = tenuresOf(history);
  const most = arrivals + departures;
  if (tenures.length <= most) return [];
  const order = tenures.map(({ holder }) => holder).join(', ');
  const text = `Expected at most ${most} owners of "${key}" one after the other, for ${arrivals} arrivals and ${departures} departures, got ${tenures.length}: ${order}.`;
  return [{ promise: 'no flapping', who: key, at: 0, text }];
}

/**
 * Taken by right: a holder writes over the living value of another only when it arrives, which is once. Needs a history
 * with every change, and values that are different for each arrival. Any holder may overwrite a value that `isForeign`.
 */
export function takenByRight(
  history: readonly KeyChange[],
  key: string,
  isForeign: (value: string) => boolean = () => false,
): Finding[] {
  const seen = new Set<string>();
  return tenuresOf(history).flatMap(({ holder, over, revision }) => {
    const again = seen.has(holder);
    seen.add(holder);
    if (!again || over === undefined || isForeign(over) || isForeign(holder)) return [];
    const text = `Expected "${holder}" to wait while "${over}" holds "${key}", it took the key back at revision ${revision}.`;
    return [{ promise: 'taken by right', who: key, at: 0, text }];
  });
}

/** Never taken: no client overwrites the live value of another. Needs a history with every change. */
export function neverTaken(history: readonly KeyChange[], key: string): Finding[] {
  return tenuresOf(history)
    .filter(({ over }) => over !== undefined)
    .map(({ holder, over = '', revision }) => ({
      promise: 'never taken',
      who: key,
      at: 0,
      text: `Expected "${over}" to keep "${key}" for itself, "${holder}" wrote over it at revision ${revision}.`,
    }));
}

/** Not resurrected: nothing is written once the key has gone. */
export function notResurrected(history: readonly KeyChange[], key: string): Finding[] {
  const gone = history.findIndex(({ kind }) => kind === 'delete');
  return history
    .slice(gone < 0 ? history.length : gone)
    .filter(({ kind }) => kind === 'put')
    .map(({ value = '', revision }) => ({
      promise: 'not resurrected',
      who: key,
      at: 0,
      text: `Expected "${key}" to stay away once it was withdrawn, revision ${revision} wrote "${value}".`,
    }));
}

/** Nothing without a life: every value that is not foreign is bound to what keeps it alive. */
export function alwaysBound(
  history: readonly KeyChange[],
  key: string,
  isForeign: (value: string) => boolean = () => false,
): Finding[] {
  return history
    .filter(({ kind, value = '', lease }) => kind === 'put' && lease === undefined && !isForeign(value))
    .map(({ value = '', revision }) => ({
      promise: 'always bound',
      who: key,
      at: 0,
      text: `Expected "${value}" in "${key}" to be bound to its holder's life, revision ${revision} is not.`,
    }));
}

/** Last with: when everything has settled, the key has one of these values; `undefined` is none. */
export function lastWith(
  history: readonly KeyChange[],
  key: string,
  ...right: readonly (string | undefined)[]
): Finding[] {
  const last = history.at(-1);
  const value = last?.kind === 'put' ? last.value : undefined;
  if (right.includes(value)) return [];
  const text = `Expected "${key}" to have ${right.map(shown).join(' or ')} in the end, found ${shown(value)}.`;
  return [{ promise: 'the last has it', who: key, at: 0, text, timed: true }];
}

/**
 * Never goes back: values come in the order they were given in, `order`, each once. A value that is written again, or
 * an older one after a newer, is a write that landed late.
 */
export function neverGoesBack(
  history: readonly KeyChange[],
  key: string,
  order: readonly string[],
): Finding[] {
  let newest = -1;
  const findings: Finding[] = [];
  for (const { holder, revision } of tenuresOf(history)) {
    const place = order.indexOf(holder);
    if (place > newest) newest = place;
    else {
      const text = `Expected nothing older than "${order[newest] ?? ''}" in "${key}", revision ${revision} is "${holder}".`;
      findings.push({ promise: 'never goes back', who: key, at: 0, text });
    }
  }
  return findings;
}

function shown(value: string | undefined): string {
  return value === undefined ? 'nothing' : `"${value}"`;
}
