import { type Ticker } from '../registration/ticker.js';
import { MAX_TIMEOUT_MS } from '../common/clock.js';

/** What a ticker needs of the `SchedulerRegistry` of `@nestjs/schedule`. */
export interface IntervalRegistry {
  doesExist(type: 'interval', name: string): boolean;
  addInterval(name: string, handle: NodeJS.Timeout): void;
  deleteInterval(name: string): void;
}

/**
 * Makes a ticker whose intervals are listed in the application's `SchedulerRegistry`, where an operator sees them beside
 * the application's own and can end them.
 *
 * @param find the registry, looked for at each start of an interval; undefined in an application without one
 */
export function scheduleTicker(find: () => IntervalRegistry | undefined): Ticker {
  return (name, ms, run) => {
    const registry = find();
    // Another module of the same process may keep the same key in another registry.
    let unique = name;
    for (let n = 2; registry?.doesExist('interval', unique); n += 1) unique = `${name}#${n}`;
    const handle = setInterval(run, Math.min(ms, MAX_TIMEOUT_MS));
    registry?.addInterval(unique, handle);
    return {
      cancel: () => {
        clearInterval(handle);
        // The scheduler clears its registry at shutdown, before or after us.
        if (registry?.doesExist('interval', unique)) registry.deleteInterval(unique);
      },
    };
  };
}
