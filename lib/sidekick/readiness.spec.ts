import { VirtualClock } from '../testing/virtual-clock.js';
import { Readiness, type Ready } from './readiness.js';

const INTERVAL_MS = 8_000;

describe('Readiness', () => {
  let clock: VirtualClock;
  let changes: string[];
  let readiness: Readiness | undefined;

  beforeEach(() => {
    clock = new VirtualClock();
    changes = [];
  });
  afterEach(() => {
    readiness?.close();
    expect(clock.pending).toBe(0);
  });

  function start(ready: Ready): Readiness {
    const onChange = (notReady?: { reason: string }): void => void changes.push(notReady?.reason ?? 'ready');
    readiness = new Readiness({ clock, ready, intervalMs: INTERVAL_MS, onChange });
    readiness.start();
    return readiness;
  }

  it('asks at once and with every interval, and reports changes only', async () => {
    const answers = [true, true, false, false, true];
    let calls = 0;
    start(() => answers[calls++] ?? true);
    await clock.advance(0);
    expect([calls, changes]).toEqual([1, ['ready']]);
    await clock.advance(5 * INTERVAL_MS);
    expect([calls, changes]).toEqual([6, ['ready', '`ready` returned false', 'ready']]);
  });

  it.each<[string, Ready, string]>([
    [
      'throws',
      () => {
        throw new Error('no database');
      },
      '`ready` threw: no database',
    ],
    ['rejects', () => Promise.reject(new Error('no database')), '`ready` threw: no database'],
    ['returns no boolean', (() => 'yes') as unknown as Ready, '`ready` returned "yes"'],
    ['returns nothing', (() => undefined) as unknown as Ready, '`ready` returned undefined'],
  ])('is not ready while the function %s', async (_name, ready, reason) => {
    start(ready);
    await clock.advance(3 * INTERVAL_MS);
    expect(changes).toEqual([reason]);
  });

  it('is not ready while an answer takes longer, never asks twice at once, and ignores the late answer', async () => {
    const pending: ((answer: boolean) => void)[] = [];
    start(() => new Promise((resolve) => pending.push(resolve)));
    await clock.advance(3 * INTERVAL_MS);
    expect([pending.length, changes]).toEqual([1, ['`ready` did not answer within 8 s']]);
    pending[0]!(true);
    await clock.advance(0);
    expect(changes).toHaveLength(1);
    await clock.advance(INTERVAL_MS);
    expect(pending).toHaveLength(2);
    pending[1]!(true);
    await clock.advance(0);
    expect(changes).toEqual(['`ready` did not answer within 8 s', 'ready']);
  });

  it('reads an answer that arrived while the event loop was blocked', async () => {
    start(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return true;
    });
    await clock.jump(INTERVAL_MS);
    expect(changes).toEqual(['ready']);
  });

  it('follows a changed interval from then on', async () => {
    let calls = 0;
    const asked = start(() => (calls += 1) > 0);
    asked.setInterval(1_000);
    await clock.advance(3_500);
    expect(calls).toBe(4);
  });

  it('asks and reports nothing after close()', async () => {
    let answer: (ready: boolean) => void = () => undefined;
    let calls = 0;
    const asked = start(() => {
      calls += 1;
      return new Promise((resolve) => (answer = resolve));
    });
    asked.close();
    answer(true);
    asked.setInterval(1_000);
    await clock.advance(60_000);
    expect([calls, changes]).toEqual([1, []]);
  });
});
