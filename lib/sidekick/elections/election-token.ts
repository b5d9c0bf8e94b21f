import { type ElectionName } from '../../common/declared-names.js';
import { checkName } from '../../common/names.js';

const names = new Set<string | undefined>();

/** Called with each name that is recorded later. Weak, since an application that failed to boot is not closed. */
const listeners = new Set<WeakRef<ElectionNameListener>>();

/** Receives the names of elections. */
export interface ElectionNameListener {
  onName(name: string | undefined): void;
}

/**
 * The injection token of the `Election` of this name. A test provides it in place of SidekickModule. The token names the
 * module, because Nest's error about a missing provider contains only the token.
 *
 * @param name Name of the election.
 * @default the name of the registered service
 * @throws InvalidOptionError when `name` is not a valid name
 */
export function getElectionToken(name?: ElectionName): string {
  if (name !== undefined) checkName('name', name);
  record(name);
  return name === undefined
    ? "nestjs-sidekick: election with the service's name, of SidekickModule.forRoot()"
    : `nestjs-sidekick: election "${name}" of SidekickModule.forRoot()`;
}

function record(name: string | undefined): void {
  if (names.has(name)) return;
  names.add(name);
  for (const each of listeners) {
    const listener = each.deref();
    if (listener) listener.onName(name);
    else listeners.delete(each);
  }
}

/** Calls the listener with every name that is recorded from now on. Returns a function that removes it. */
export function onElectionName(listener: ElectionNameListener): () => void {
  const reference = new WeakRef(listener);
  listeners.add(reference);
  return () => void listeners.delete(reference);
}

/** The names of the elections that the code of this process injects; undefined for the default name. */
export function recordedElections(): readonly (string | undefined)[] {
  return [...names];
}
