import { NEVER } from 'rxjs';
import { type Election } from '../../election/election.js';
import { type ElectionClient } from '../../election/election-client.js';

const done = (): Promise<void> => Promise.resolve();
const nothing = (): void => undefined;

/** Never leads and runs no job under a lock. Used by a module with `enabled: false`. */
export const DISABLED_ELECTIONS: ElectionClient = Object.freeze<ElectionClient>({
  ttl: 0,
  locks: Object.freeze({
    observe: nothing,
    acquire: () => Promise.resolve({ granted: false as const, reason: 'closed' as const }),
  }),
  of: disabledElection,
  dump: () => [],
  pause: done,
  resume: nothing,
  shutdown: nothing,
  close: done,
});

function disabledElection(name: string): Election {
  return Object.freeze<Election>({
    name,
    isLeader: false,
    term: undefined,
    leader: undefined,
    changes: NEVER,
    signal: AbortSignal.abort(),
    campaign: nothing,
    resign: done,
    begin: nothing as () => undefined,
  });
}
