import { type Ticker } from '../registration/ticker.js';
import { MAX_TIMEOUT_MS } from '../common/clock.js';

/** The part of `SchedulerRegistry` of `@nestjs/schedule` that a ticker uses. */
export interface IntervalRegistry {
  doesExist(type: 'interval', name: string): boolean;
  addInterval(name: string, handle: NodeJS.Timeout): void;
  deleteInterval(name: string): void;
}

/**
 * Makes a ticker whose intervals are listed in the application's `SchedulerRegistry`, beside the application's own jobs.
 *
 * @param find returns the registry, or undefined in an application without one; called at each start of an interval
 */
export function scheduleTicker(find: () => IntervalRegistry | undefined): Ticker {
  return (name, ms, run) => {
    const registry = find();
    // Another application of this process may register the same key in another registry.
    let unique = name;
    for (let n = 2; registry?.doesExist('interval', unique); n += 1) unique = `${name}#${n}`;
    const handle = setInterval(run, Math.min(ms, MAX_TIMEOUT_MS));
    registry?.addInterval(unique, handle);
    return {
      cancel: () => {
        clearInterval(handle);
        // At shutdown the scheduler may have cleared its registry already.
        if (registry?.doesExist('interval', unique)) registry.deleteInterval(unique);
      },
    };
  };
}
