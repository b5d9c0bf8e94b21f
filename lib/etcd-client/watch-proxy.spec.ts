import { type IWatchRequest, type IWatchResponse } from 'etcd3';
import { ReconnectCoordinator } from '../common/async/reconnect-coordinator.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { ClusterError, EndpointError } from './errors/index.js';
import { type EtcdCaller } from './request.js';
import { EtcdStream, type EtcdStreamOpener, type StreamPlan } from './stream.js';
import { EtcdWatches } from './watches.js';
import { type EtcdWatchRequest } from './watch-request.js';

interface Began {
  readonly number: number;
  readonly request: NonNullable<IWatchRequest['create_request']>;
}

interface Open {
  readonly endpoint: string;
  readonly written: IWatchRequest[];
  readonly began: Began[];
  answer(answer: Partial<IWatchResponse>): void;
}

/** Servers that answer automatically. With `renumbers` they behave like etcd's gRPC proxy. */
class FakeServers implements EtcdCaller, EtcdStreamOpener {
  readonly timeoutMs = 1_000;
  readonly endpoints: readonly string[];
  readonly opened: Open[] = [];
  readonly reconnect: ReconnectCoordinator;
  readonly reads: string[] = [];
  revision = 10;
  clusterId = '1';
  renumbers = true;
  answersReads = true;
  pinned: string;
  /** Called for each watch after its `created` response. */
  onBegin: (open: Open, began: Began) => void = () => undefined;

  constructor(clock: VirtualClock, count = 3) {
    this.reconnect = new ReconnectCoordinator({ clock, random: () => 0.5 });
    this.endpoints = ['a', 'b', 'c'].slice(0, count);
    this.pinned = 'a';
  }

  async call<T>(): Promise<T> {
    return await Promise.reject(new Error('not expected in this test'));
  }

  async callOne<T>(endpoint: string): Promise<T> {
    this.reads.push(endpoint);
    await Promise.resolve();
    if (!this.answersReads)
      throw new ClusterError([new EndpointError(endpoint, 'not answered in time', false)]);
    return { header: { cluster_id: this.clusterId, revision: String(this.revision) } } as T;
  }

  onClose(): void {
    // Never closed here.
  }

  async openStream<Q, A>(endpoint: string, plan: StreamPlan<Q, A>): Promise<EtcdStream<Q>> {
    const open: Open = {
      endpoint,
      written: [],
      began: [],
      answer: (answer) => {
        plan.onMessage({
          header: { cluster_id: '1', revision: String(this.revision) },
          watch_id: '0',
          created: false,
          canceled: false,
          compact_revision: '0',
          cancel_reason: '',
          fragment: false,
          events: [],
          ...answer,
        } as unknown as A);
      },
    };
    const call = {
      on: () => undefined,
      end: () => undefined,
      cancel: () => undefined,
      write: (request: unknown) => {
        this.written(open, request as IWatchRequest);
      },
    };
    const rotate = (): void => {
      this.pinned = this.endpoints[(this.endpoints.indexOf(endpoint) + 1) % this.endpoints.length]!;
    };
    this.opened.push(open);
    return await Promise.resolve(
      new EtcdStream<Q>(endpoint, call, {
        canRenewToken: true,
        isStale: () => false,
        describe: (reason) => reason,
        onClose: () => undefined,
        onFailure: (error) => {
          rotate();
          plan.onEnd(error);
        },
      }),
    );
  }

  private written(open: Open, request: IWatchRequest): void {
    open.written.push(request);
    const create = request.create_request;
    if (!create) return;
    const number = this.renumbers ? open.began.length : Number(create.watch_id);
    const began = { number, request: create };
    open.began.push(began);
    // Asynchronous, as over a network.
    queueMicrotask(() => {
      open.answer({ created: true, watch_id: String(number) });
      this.onBegin(open, began);
    });
  }
}

const prefix = (name: string): EtcdWatchRequest => ({
  key: Buffer.from(`${name}/`),
  rangeEnd: Buffer.from(`${name}0`),
  after: 5n,
});

function put(key: string, revision: number): IWatchResponse['events'] {
  const kv = { key: Buffer.from(key), value: Buffer.alloc(0), lease: '0', mod_revision: String(revision) };
  return [{ type: 'Put', kv }] as unknown as IWatchResponse['events'];
}

interface Reading {
  readonly keys: string[];
  readonly kinds: string[];
  error(): Error | undefined;
  end(): Promise<void>;
}

function read(watches: EtcdWatches, request: EtcdWatchRequest): Reading {
  const stop = new AbortController();
  const keys: string[] = [];
  const kinds: string[] = [];
  let failure: Error | undefined;
  const reading = (async () => {
    for await (const notifications of watches.watch(request, stop.signal)) {
      kinds.push(notifications.kind);
      if (notifications.kind === 'events')
        keys.push(...notifications.events.map(({ kv }) => kv.key.toString()));
    }
  })().catch((error: unknown) => {
    failure = error as Error;
  });
  return {
    keys,
    kinds,
    error: () => failure,
    end: async () => {
      stop.abort();
      await reading;
    },
  };
}

function setUp(count?: number): { clock: VirtualClock; servers: FakeServers; watches: EtcdWatches } {
  const clock = new VirtualClock();
  const servers = new FakeServers(clock, count);
  return { clock, servers, watches: new EtcdWatches(servers, { clock, random: () => 0.5 }) };
}

function progressRequests({ written }: Open): number {
  return written.filter(({ progress_request: request }) => request !== undefined).length;
}

describe('EtcdWatches behind a server that assigns its own watch ids', () => {
  it('attributes events to watches by the ids of the server', async () => {
    const { clock, servers, watches } = setUp();
    const readers = ['api', 'billing', 'stock'].map((name) => read(watches, prefix(name)));
    await clock.advance(0);
    const [open] = servers.opened;
    expect(open!.began.map(({ request }) => request.key?.toString())).toEqual(['api/', 'billing/', 'stock/']);
    for (const [number, name] of ['api', 'billing', 'stock'].entries())
      open!.answer({ watch_id: String(number), events: put(`${name}/a`, 11 + number) });
    await clock.advance(0);
    expect(readers.map(({ keys }) => keys)).toEqual([['api/a'], ['billing/a'], ['stock/a']]);
    await readers[0]!.end();
    expect(open!.written.at(-1)).toEqual({ cancel_request: { watch_id: 0 } });
    await Promise.all(readers.map(async ({ end }) => await end()));
    expect(clock.pending).toBe(0);
  });

  it('ignores events outside of the range of a watch', async () => {
    const { clock, servers, watches } = setUp();
    const { keys, end } = read(watches, prefix('stock'));
    await clock.advance(0);
    servers.opened[0]!.answer({ events: [...put('billing/a', 11), ...put('stock/a', 11)] });
    servers.opened[0]!.answer({ events: put('stock', 12) });
    await clock.advance(0);
    expect(keys).toEqual(['stock/a']);
    await end();
  });

  it('replaces progress requests by a read every 5 s on the same endpoint', async () => {
    const { clock, servers, watches } = setUp();
    const { kinds, error, end } = read(watches, { ...prefix('api'), unavailableTimeoutMs: 5_000 });
    await clock.advance(60_000);
    expect(servers.opened).toHaveLength(1);
    expect(progressRequests(servers.opened[0]!)).toBe(0);
    expect(servers.reads.length).toBeGreaterThanOrEqual(10);
    expect(servers.reads.length).toBeLessThanOrEqual(12);
    expect(new Set(servers.reads)).toEqual(new Set(['a']));
    expect(kinds.length).toBeGreaterThanOrEqual(12);
    expect(new Set(kinds)).toEqual(new Set(['alive']));
    expect(error()).toBeUndefined();
    await end();
    expect(clock.pending).toBe(0);
  });

  it('moves to another endpoint when a read fails, and resumes after the last event', async () => {
    const { clock, servers, watches } = setUp();
    const { keys, end } = read(watches, prefix('api'));
    await clock.advance(0);
    servers.opened[0]!.answer({ events: put('api/a', 11) });
    servers.answersReads = false;
    await clock.advance(5_500);
    expect(servers.opened.map(({ endpoint }) => endpoint)).toEqual(['a', 'b']);
    expect(servers.opened[1]!.began[0]!.request.start_revision).toBe('11');
    servers.opened[1]!.answer({ events: [...put('api/a', 11), ...put('api/b', 12)] });
    await clock.advance(0);
    expect(keys).toEqual(['api/a', 'api/b']);
    await end();
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['went back', { revision: 4 }],
    ['became another', { clusterId: '2' }],
  ])('finds by its reads that the store %s', async (_, change) => {
    const { clock, servers, watches } = setUp();
    const { kinds, end } = read(watches, { ...prefix('api'), clusterId: '1' });
    await clock.advance(1_000);
    Object.assign(servers, change);
    await clock.advance(5_000);
    expect(kinds.at(-1)).toBe('replaced');
    await end();
    expect(clock.pending).toBe(0);
  });

  it('ignores the revision and the cluster of a `created` response that the proxy made itself', async () => {
    const { clock, servers, watches } = setUp();
    const first = read(watches, { ...prefix('api'), clusterId: '1' });
    await clock.advance(0);
    const second = read(watches, { ...prefix('stock'), clusterId: '1' });
    const third = read(watches, { key: Buffer.from('k'), clusterId: '1' });
    const answer = servers.opened[0]!.answer;
    servers.opened[0]!.answer = (given) => {
      answer({ ...given, header: { cluster_id: '0', revision: '0' } as IWatchResponse['header'] });
    };
    await clock.advance(5_500);
    const readers = [first, second, third];
    for (const { kinds } of readers) expect(new Set(kinds)).toEqual(new Set(['alive']));
    await Promise.all(readers.map(async ({ end }) => await end()));
  });

  it('moves to another endpoint when the server creates no watch', async () => {
    const { clock, servers, watches } = setUp();
    const first = read(watches, prefix('api'));
    await clock.advance(0);
    servers.opened[0]!.answer = () => undefined;
    const second = read(watches, prefix('stock'));
    await clock.advance(6_000);
    expect(servers.opened.map(({ endpoint }) => endpoint)).toEqual(['a', 'b']);
    expect(servers.opened[1]!.began).toHaveLength(2);
    await Promise.all([first.end(), second.end()]);
    expect(clock.pending).toBe(0);
  });
});

describe('EtcdWatches with a server that does not answer progress requests', () => {
  it('uses reads after two streams, until a progress request is answered', async () => {
    const { clock, servers, watches } = setUp();
    servers.renumbers = false;
    const { error, end } = read(watches, { ...prefix('api'), unavailableTimeoutMs: 5_000 });
    await clock.advance(30_000);
    expect(servers.opened).toHaveLength(3);
    const [first, , third] = servers.opened;
    expect(progressRequests(first!)).toBe(3);
    expect(servers.reads.length).toBeGreaterThanOrEqual(4);
    // A progress request follows each read, since another server may answer by now.
    expect(progressRequests(third!)).toBe(servers.reads.length);
    expect(error()).toBeUndefined();
    third!.answer({ watch_id: '-1' });
    const reads = servers.reads.length;
    await clock.advance(1_500);
    third!.answer({ watch_id: '-1' });
    // At once, and every 500 ms until the answer.
    expect(progressRequests(third!)).toBe(reads + 3);
    await clock.advance(4_000);
    expect(progressRequests(third!)).toBe(reads + 6);
    expect(servers.reads).toHaveLength(reads);
    await end();
    expect(clock.pending).toBe(0);
  });
});

describe('EtcdWatches with a watch that is cancelled for an unknown reason', () => {
  it.each([1, 3])(
    'opens streams at an ever slower pace on %i endpoints, and ends that watch alone',
    async (count) => {
      const { clock, servers, watches } = setUp(count);
      servers.renumbers = false;
      servers.onBegin = (open, { number, request }) => {
        if (request.key?.toString() === 'bad/')
          open.answer({ watch_id: String(number), canceled: true, cancel_reason: 'etcdserver: mystery' });
      };
      const bad = read(watches, { ...prefix('bad'), unavailableTimeoutMs: 5_000 });
      const patient = read(watches, prefix('bad'));
      const good = read(watches, { ...prefix('good'), unavailableTimeoutMs: 5_000 });
      await clock.advance(60_000);
      expect(servers.opened.length).toBeLessThan(30 * count);
      expect(servers.opened.length).toBeGreaterThan(10);
      expect(bad.error()).toBeInstanceOf(ClusterError);
      expect(bad.error()?.message).toContain('etcdserver: mystery');
      expect(bad.kinds).toEqual([]);
      expect([patient.error(), good.error()]).toEqual([undefined, undefined]);
      // Once it is served, it continues.
      servers.onBegin = (open, { number, request }) => {
        if (request.key?.toString() === 'bad/')
          open.answer({ watch_id: String(number), events: put('bad/a', 11) });
      };
      await clock.advance(4_100);
      expect(patient.keys).toEqual(['bad/a']);
      await Promise.all([bad.end(), patient.end(), good.end()]);
      expect(clock.pending).toBe(0);
    },
  );
});
