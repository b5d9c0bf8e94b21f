import { setMaxListeners } from 'node:events';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { BatchedReads, withinSize } from './batched-reads.js';
import { DeadlineExceededError } from '../errors/index.js';

const never = new AbortController().signal;
setMaxListeners(0, never);

class World {
  readonly clock = new VirtualClock();
  readonly requests: {
    readonly keys: readonly string[];
    readonly at: number;
    readonly signal: AbortSignal;
  }[] = [];
  error: Error | undefined;
  readonly reads: BatchedReads<string, string>;

  constructor(tookMs: number, maxSize = 100) {
    this.reads = new BatchedReads<string, string>({
      clock: this.clock,
      sizeOf: (key) => key.length,
      maxSize,
      read: async (keys, signal) => {
        this.requests.push({ keys, at: this.clock.now(), signal });
        await new Promise<void>((resolve) => void this.clock.after(tookMs, resolve));
        if (this.error) throw this.error;
        return keys.join();
      },
    });
  }
}

describe('BatchedReads', () => {
  it('asks for all keys of one tick by one request, and for those that come meanwhile by the next', async () => {
    const { reads, clock, requests } = new World(10);
    const first = Promise.all([reads.ask('a', never), reads.ask('b', never)]);
    await clock.advance(5);
    const second = Promise.all(Array.from({ length: 50 }, (_, n) => reads.ask(String(n % 10), never)));
    await clock.advance(100);
    expect(await first).toEqual(['a,b', 'a,b']);
    expect(new Set(await second).size).toBe(1);
    expect(requests).toHaveLength(2);
    expect(reads.idle).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('pauses between two requests, three times as long as the first took', async () => {
    const { reads, clock, requests } = new World(20);
    void reads.ask('a', never);
    await clock.advance(1);
    void reads.ask('b', never);
    await clock.advance(1_000);
    expect(requests[1]!.at - requests[0]!.at).toBe(20 + 60);
  });

  it('asks for no more than fits into a request', async () => {
    const { reads, clock, requests } = new World(1, 5);
    const all = Promise.all(['aa', 'bb', 'cc', 'dddddddd'].map((key) => reads.ask(key, never)));
    await clock.advance(100);
    expect(await all).toEqual(['aa,bb', 'aa,bb', 'cc', 'dddddddd']);
    expect(requests).toHaveLength(3);
    expect(withinSize([9], (value) => value, 5)).toEqual([9]);
  });

  it('ends a request only when no question needs its answer any more', async () => {
    const { reads, clock, requests } = new World(10);
    const controllers = [new AbortController(), new AbortController()];
    const asked = controllers.map(({ signal }) => reads.ask('a', signal).catch((error: unknown) => error));
    await clock.advance(1);
    controllers[0]!.abort(new Error('first'));
    expect(requests[0]!.signal.aborted).toBe(false);
    controllers[1]!.abort(new Error('second'));
    expect(requests[0]!.signal.aborted).toBe(true);
    expect(await Promise.all(asked)).toEqual([new Error('first'), new Error('second')]);
    await clock.advance(100);
  });

  it('fails those that wait together with a request without an answer, and asks again for later ones', async () => {
    const world = new World(10);
    const { reads, clock, requests } = world;
    world.error = new DeadlineExceededError('not answered');
    const asked = [reads.ask('a', never)];
    await clock.advance(1);
    asked.push(reads.ask('b', never));
    await clock.advance(100);
    await expect(Promise.all(asked)).rejects.toThrow('not answered');
    await expect(asked[1]).rejects.toThrow('not answered');
    expect(requests).toHaveLength(1);
    world.error = undefined;
    const later = reads.ask('c', never);
    await clock.advance(100);
    expect(await later).toBe('c');
  });
});
