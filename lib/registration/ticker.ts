import { type Clock, type Timer } from '../common/clock.js';

/** Calls `run` every `ms` milliseconds until it is cancelled; `name` is for operators. */
export type Ticker = (name: string, ms: number, run: () => void) => Timer;

/** A ticker on a clock alone. */
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
