import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { CHANNELS } from '../common/diagnostics.js';
import { silentLogger } from '../common/logger.js';
import { memory } from '../registries/memory/memory.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { type SessionListener, SessionRunner } from './session-runner.js';

const TTL = 9;

/** Opens a session, renews it three times, and resolves with the signals of a listener with an entry and of one without. */
async function renewThrice(): Promise<Record<'withEntry' | 'withoutEntry', string[]>> {
  const clock = new VirtualClock();
  const deps = { clock, random: () => 0.5, logger: silentLogger };
  const registry = await memory().open(deps);
  const runner = new SessionRunner({ ...deps, registry }, TTL, 'test');
  const signals = { withEntry: [] as string[], withoutEntry: [] as string[] };
  const listener = (to: string[]): SessionListener => ({
    onSession: (signal) => void to.push(signal),
    onMissing: () => undefined,
    onOpenFailed: () => undefined,
  });
  runner.add({ ...listener(signals.withEntry), entryId: 'an entry' });
  runner.add(listener(signals.withoutEntry));
  await clock.advance(TTL * 1_000 + 100);
  const ending = new AbortController();
  await runner.end(ending.signal);
  await registry.close();
  return signals;
}

const ALL = ['up', 'acknowledged', 'acknowledged', 'acknowledged'];

describe('SessionRunner', () => {
  it('reports a renewal that changes nothing only to listeners without an entry', async () => {
    expect(await renewThrice()).toEqual({ withEntry: ['up'], withoutEntry: ALL });
  });

  it('reports every renewal to all while diagnostics publish them', async () => {
    const subscriber = (): void => undefined;
    subscribe(CHANNELS.heartbeatRenewed.name, subscriber);
    try {
      expect(await renewThrice()).toEqual({ withEntry: ALL, withoutEntry: ALL });
    } finally {
      unsubscribe(CHANNELS.heartbeatRenewed.name, subscriber);
    }
  });
});
