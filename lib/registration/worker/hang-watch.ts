import { type Clock, type Timer } from '../../common/clock.js';

/** Milliseconds between two pulses of the main thread, and between two checks of them. */
export const PULSE_INTERVAL_MS = 200;

/** Increments a counter in shared memory as long as the event loop of this thread runs, and calls `onBeat` before. */
export function startPulse(clock: Clock, pulse: Int32Array, onBeat?: () => void): Timer {
  let timer: Timer;
  const beat = (): void => {
    onBeat?.();
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

/** Receives that the watched thread hangs, and that it has recovered. */
export interface HangListener {
  /** The thread has shown a sign of life. */
  onBeat?(): void;
  onHang(): void;
  onBack(): void;
}

/** Milliseconds between two checks while the thread hangs: entries are restored soon after it recovers. */
const HANGING_INTERVAL_MS = 50;

/** Most silence that one check counts. After a longer gap this thread was stopped too, as with SIGSTOP. */
const MAX_SILENCE_PER_CHECK_MS = 2 * PULSE_INTERVAL_MS;

/** Watches the pulse of another thread. A process that was stopped as a whole is not mistaken for a hung thread. */
export function watchPulse(clock: Clock, pulse: Int32Array, maxHang: number, listener: HangListener): Timer {
  let seen = Atomics.load(pulse, 0);
  let checkedAt = clock.now();
  let silence = 0;
  let hangs = false;
  let timer: Timer;
  const check = (): void => {
    const now = clock.now();
    silence += Math.min(now - checkedAt, MAX_SILENCE_PER_CHECK_MS);
    checkedAt = now;
    const count = Atomics.load(pulse, 0);
    if (count !== seen) {
      seen = count;
      silence = 0;
      listener.onBeat?.();
      if (hangs) listener.onBack();
      hangs = false;
      // The last pulse may be just before the hang.
    } else if (!hangs && silence >= maxHang + PULSE_INTERVAL_MS) {
      hangs = true;
      listener.onHang();
    }
    timer = clock.after(hangs ? HANGING_INTERVAL_MS : PULSE_INTERVAL_MS, check);
  };
  check();
  return {
    cancel: () => {
      timer.cancel();
    },
  };
}
