import { type ElectionName } from '../../common/declared-names.js';
import { checkName } from '../../common/names.js';
import { type NameListener, RecordedNames } from '../../nest/recorded-names.js';

const names = new RecordedNames<string | undefined>();

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
  names.record(name);
  return name === undefined
    ? "nestjs-sidekick: election with the service's name, of SidekickModule.forRoot()"
    : `nestjs-sidekick: election "${name}" of SidekickModule.forRoot()`;
}

/** Calls the listener with every name that is recorded from now on. Returns a function that removes it. */
export function onElectionName(listener: NameListener<string | undefined>): () => void {
  return names.listen(listener);
}

/** The names of the elections that the code of this process injects; undefined for the default name. */
export function recordedElections(): readonly (string | undefined)[] {
  return names.all;
}
