import { systemClock } from '../../common/clock.js';
import { LOOK_INTERVAL_MS, Silence } from './silence.js';

describe('Silence', () => {
  let nowMs: number;
  let silence: Silence;

  beforeEach(() => {
    nowMs = 1_000;
    silence = new Silence({ ...systemClock, now: () => nowMs });
  });

  it('grows from look to look, and ends with a read', () => {
    nowMs += 1_000;
    expect(silence.look(undefined)).toBe(1_000);
    nowMs += 2_000;
    expect(silence.look(undefined)).toBe(3_000);
    nowMs += 500;
    expect(silence.look(nowMs - 100)).toBe(100);
    nowMs += 500;
    expect(silence.look(nowMs - 600)).toBe(600);
  });

  it('does not count the time in which the process did not run', () => {
    const readAt = nowMs;
    expect(silence.look(readAt)).toBe(0);
    nowMs += 10 * LOOK_INTERVAL_MS;
    expect(silence.look(readAt)).toBe(LOOK_INTERVAL_MS);
    nowMs += LOOK_INTERVAL_MS;
    expect(silence.look(readAt)).toBe(2 * LOOK_INTERVAL_MS);
  });
});
