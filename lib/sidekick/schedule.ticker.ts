import { type SchedulerRegistry } from '@nestjs/schedule';
import { type Ticker } from '../heartbeat/ticker.js';
import { MAX_TIMEOUT } from '../kernel/clock.js';

/**
 * A ticker whose intervals stand in the application's `SchedulerRegistry`, so that an operator sees them beside the
 * application's own and may end them there.
 */
export function scheduleTicker(registry: SchedulerRegistry): Ticker {
  return (name, ms, run) => {
    // Another module of the same process may keep the same key in another registry.
    let unique = name;
    for (let n = 2; registry.doesExist('interval', unique); n += 1) unique = `${name}#${n}`;
    const handle = setInterval(run, Math.min(ms, MAX_TIMEOUT));
    registry.addInterval(unique, handle);
    return {
      cancel: () => {
        clearInterval(handle);
        // The scheduler clears its registry at shutdown, before or after us.
        if (registry.doesExist('interval', unique)) registry.deleteInterval(unique);
      },
    };
  };
}
