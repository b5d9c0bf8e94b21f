import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { CHANNELS } from '../common/diagnostics.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { OwnWrite } from './own-write.js';

describe('OwnWrite', () => {
  const durations: number[] = [];
  const listener = (message: unknown): void => {
    durations.push((message as { durationMs: number }).durationMs);
  };
  const clock = new VirtualClock();
  let write: OwnWrite;

  beforeEach(() => {
    durations.length = 0;
    subscribe(CHANNELS.heartbeatPropagated.name, listener);
    write = new OwnWrite({ clock, registry: { driver: 'memory' } }, { kind: 'key', key: 'k' });
    write.sent();
  });

  afterEach(() => {
    unsubscribe(CHANNELS.heartbeatPropagated.name, listener);
  });

  it('reports the time from the acknowledgement until the watch sees the write, once', async () => {
    expect(write.acknowledged('7')).toBe(true);
    await clock.advance(30);
    write.observed('7');
    write.observed('7');
    expect(durations).toEqual([30]);
  });

  it('reports 0 when the watch is faster than the acknowledgement', () => {
    write.observed('7');
    expect(write.acknowledged('7')).toBe(true);
    expect(durations).toEqual([0]);
  });

  it('reports no version of another process', () => {
    write.acknowledged('7');
    write.observed('8');
    write.observed(undefined);
    expect(durations).toEqual([]);
  });

  it('forgets a write once the next one is sent', () => {
    write.acknowledged('7');
    write.sent();
    write.observed('7');
    expect(durations).toEqual([]);
  });

  it('returns false when the watch saw another version since the write was sent', () => {
    write.observed('8');
    expect(write.acknowledged('7')).toBe(false);
    write.sent();
    write.observed(undefined);
    expect(write.acknowledged('9')).toBe(false);
  });
});
