import { VirtualClock } from '../testing/virtual-clock.js';
import { Sweeps } from './sweeps.js';

describe('Sweeps', () => {
  it('has one timer per interval, whatever the number of checks', async () => {
    const clock = new VirtualClock();
    const sweeps = new Sweeps(clock);
    let checks = 0;
    const members = Array.from({ length: 1_000 }, (_, n) =>
      sweeps.join(n % 2 === 0 ? 5_000 : 1_000, { check: () => void (checks += 1) }),
    );
    expect(clock.pending).toBe(2);
    await clock.advance(5_000);
    expect(checks).toBe(500 + 5 * 500);
    for (const member of members) member.cancel();
    expect(clock.pending).toBe(0);
    await clock.advance(5_000);
    expect(checks).toBe(3_000);
  });

  it('continues after a check leaves during the sweep', async () => {
    const clock = new VirtualClock();
    const sweeps = new Sweeps(clock);
    const called: string[] = [];
    const first = sweeps.join(1_000, {
      check: () => {
        called.push('first');
        first.cancel();
      },
    });
    const second = sweeps.join(1_000, { check: () => void called.push('second') });
    await clock.advance(2_000);
    expect(called).toEqual(['first', 'second', 'second']);
    second.cancel();
    expect(clock.pending).toBe(0);
  });
});
