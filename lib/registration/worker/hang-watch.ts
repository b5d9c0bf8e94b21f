import { type Clock, type Timer } from '../../common/clock.js';

/** Milliseconds between two signs of life of the main thread, and between two looks at them. */
export const PULSE_INTERVAL_MS = 200;

/** Counts up in shared memory for as long as the thread it runs in is alive. */
export function startPulse(clock: Clock, pulse: Int32Array): Timer {
  let timer: Timer;
  const beat = (): void => {
    Atomics.add(pulse, 0, 1);
    timer = clock.after(PULSE_INTERVAL_MS, beat);
  };
  beat();
  return {
    cancel: () => {
      timer.cancel();
    },
  };
}

/** Who is told that the watched thread hangs, and that it is back. */
export interface HangListener {
  onHang(): void;
  onBack(): void;
}

/** Milliseconds between two looks at a thread that hangs: what was withdrawn is wanted back at once. */
const HANGING_INTERVAL_MS = 50;

/** Most milliseconds that one look can tell of: whoever looks later stood still too, as a process that is stopped does. */
const MAX_SILENCE_PER_CHECK_MS = 2 * PULSE_INTERVAL_MS;

/** Watches the pulse of another thread. A process that was stopped as a whole is not taken for a thread that hung. */
export function watchPulse(clock: Clock, pulse: Int32Array, maxHang: number, listener: HangListener): Timer {
  let seen = Atomics.load(pulse, 0);
  let lookedAt = clock.now();
  let silence = 0;
  let hangs = false;
  let timer: Timer;
  const look = (): void => {
    const now = clock.now();
    silence += Math.min(now - lookedAt, MAX_SILENCE_PER_CHECK_MS);
    lookedAt = now;
    const count = Atomics.load(pulse, 0);
    if (count !== seen) {
      seen = count;
      silence = 0;
      if (hangs) listener.onBack();
      hangs = false;
      // The last sign may have been given just before the thread began to hang.
    } else if (!hangs && silence >= maxHang + PULSE_INTERVAL_MS) {
      hangs = true;
      listener.onHang();
    }
    timer = clock.after(hangs ? HANGING_INTERVAL_MS : PULSE_INTERVAL_MS, look);
  };
  look();
  return {
    cancel: () => {
      timer.cancel();
    },
  };
}
