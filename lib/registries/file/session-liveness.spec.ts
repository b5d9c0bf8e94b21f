import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { Layout } from './layout.js';
import { ensureRoot } from './root.js';
import { SessionLiveness } from './session-liveness.js';
import { join } from 'node:path';

const HOUR = 3_600_000;

describe('SessionBook', () => {
  let layout: Layout;
  let clock: VirtualClock;
  beforeEach(async () => {
    layout = new Layout(await mkdtemp(join(tmpdir(), 'sidekick-book-')));
    await ensureRoot(layout);
    clock = new VirtualClock();
  });
  afterEach(async () => {
    await rm(layout.root, { recursive: true });
  });

  const book = (boot: string | undefined) =>
    new SessionLiveness(layout, clock, { boot, now: () => 1_000_000 + clock.now() });

  /** Writes the session's file as its holder does, on the given boot. */
  async function renew(boot: string | undefined, more: object = {}): Promise<void> {
    const file = {
      format: 1,
      id: 's',
      pid: 1,
      ttl: 10,
      ...(boot === undefined ? {} : { boot }),
      deadline: 1_000_000 + clock.now() + 10_000,
      wall: clock.wall() + 10_000,
      ...more,
    };
    await writeFile(layout.session('s'), JSON.stringify(file));
  }

  it('compares deadlines of the same boot, independently of the wall clock', async () => {
    const one = book('boot');
    await renew('boot');
    for (const moved of [HOUR, -HOUR]) {
      clock.setWall(clock.wall() + moved);
      expect(await one.aliveUntil('s', true)).toBe(10_000);
      expect(await book('boot').aliveUntil('s', true)).toBe(10_000);
    }
    await clock.advance(9_999);
    expect(await one.aliveUntil('s', false)).toBe(10_000);
    await renew('boot');
    await clock.advance(1);
    expect(await one.aliveUntil('s', false)).toBe(19_999);
    await clock.advance(10_000);
    expect(await one.aliveUntil('s', false)).toBeUndefined();
    clock.setWall(clock.wall() - HOUR);
    expect(await one.aliveUntil('s', false)).toBeUndefined();
  });

  it.each([
    ['without a boot id', undefined],
    ['after a restart of the machine', 'another'],
  ])('derives the deadline from observed renewals %s', async (_when, own) => {
    const one = book(own);
    await renew('boot');
    expect(await one.aliveUntil('s', false)).toBe(10_000);
    clock.setWall(clock.wall() + HOUR);
    await clock.advance(9_000);
    expect(await one.aliveUntil('s', false)).toBe(10_000);
    await renew('boot');
    expect(await one.aliveUntil('s', false)).toBe(19_000);
    await clock.advance(10_000);
    expect(await one.aliveUntil('s', false)).toBeUndefined();
    // Setting the wall clock back to before the deadline does not revive the session.
    clock.setWall(clock.wall() - 2 * HOUR);
    expect(await one.aliveUntil('s', true)).toBeUndefined();
    // A process that reads the file for the first time relies on the wall clock, for at most one TTL.
    expect(await book(own).aliveUntil('s', true)).toBe(clock.now() + 10_000);
  });

  it('treats a session as expired if its deadline had passed by the wall clock at the first read', async () => {
    await renew('boot');
    await clock.advance(10_001);
    expect(await book(undefined).aliveUntil('s', true)).toBeUndefined();
  });

  it('treats an ended session, an unknown session and a malformed file as not alive', async () => {
    await renew('boot', { ended: true });
    expect(await book('boot').aliveUntil('s', true)).toBeUndefined();
    expect(await book('boot').aliveUntil('never', true)).toBeUndefined();
    for (const text of [
      '',
      '{',
      '[]',
      'null',
      '{"format":2}',
      '{"format":1,"id":"s","ttl":"x"}',
      'x'.repeat(10_000),
    ]) {
      await writeFile(layout.session('s'), text);
      expect(await book('boot').aliveUntil('s', true)).toBeUndefined();
    }
  });

  it.each(['boot', undefined])('evicts expired sessions, on boot %s', async (boot) => {
    const one = book(boot);
    const meet = async (id: string): Promise<void> => {
      const deadline = 1_000_000 + clock.now() + 10_000;
      const file = { format: 1, id, pid: 1, ttl: 10, boot: 'boot', deadline, wall: clock.wall() + 10_000 };
      await writeFile(layout.session(id), JSON.stringify(file));
      expect(await one.aliveUntil(id, false)).toBe(clock.now() + 10_000);
    };
    for (let round = 0; round < 4; round++) {
      const ids = Array.from({ length: 50 }, (_, index) => `s${round}-${index}`);
      for (const id of ids) await meet(id);
      await clock.advance(10_001);
      for (const id of ids) await rm(layout.session(id));
    }
    expect(one.size).toBeLessThan(150);
  });
});
