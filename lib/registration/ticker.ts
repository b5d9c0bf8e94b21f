import { type Clock, type Timer } from '../common/clock.js';

/** Calls `run` every `ms` milliseconds until the returned timer is cancelled. `name` is shown to operators. */
export type Ticker = (name: string, ms: number, run: () => void) => Timer;

/** Makes a ticker from a clock alone. */
export function clockTicker(clock: Clock): Ticker {
  return (_name, ms, run) => {
    let timer: Timer;
    const arm = (): void => {
      timer = clock.after(ms, () => {
        arm();
        run();
      });
    };
    arm();
    return {
      cancel: () => {
        timer.cancel();
      },
    };
  };
}
