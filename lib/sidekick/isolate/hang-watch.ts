import { type Clock, type Timer } from '../../kernel/clock.js';

/** Milliseconds between two signs of life of the main thread, and between two looks at them. */
export const PULSE_INTERVAL = 200;

/** Counts up in shared memory for as long as the thread it runs in is alive. */
export function startPulse(clock: Clock, pulse: Int32Array): Timer {
  let timer: Timer;
  const beat = (): void => {
    Atomics.add(pulse, 0, 1);
    timer = clock.after(PULSE_INTERVAL, beat);
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

/** Watches the pulse of another thread. */
export function watchPulse(clock: Clock, pulse: Int32Array, maxHang: number, listener: HangListener): Timer {
  let seen = Atomics.load(pulse, 0);
  let seenAt = clock.now();
  let hangs = false;
  let timer: Timer;
  const look = (): void => {
    const now = clock.now();
    const count = Atomics.load(pulse, 0);
    if (count !== seen) {
      seen = count;
      seenAt = now;
      if (hangs) listener.onBack();
      hangs = false;
    } else if (!hangs && now - seenAt >= maxHang) {
      hangs = true;
      listener.onHang();
    }
    timer = clock.after(PULSE_INTERVAL, look);
  };
  look();
  return {
    cancel: () => {
      timer.cancel();
    },
  };
}
