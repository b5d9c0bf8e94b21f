import { type IWatchRequest, type IWatchResponse } from 'etcd3';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';
import { EndpointError } from '../../../lib/etcd-client/errors/index.js';
import { ReconnectCoordinator } from '../../../lib/common/async/reconnect-coordinator.js';
import { type EtcdCaller } from '../../../lib/etcd-client/request.js';
import { EtcdStream, type EtcdStreamOpener, type StreamPlan } from '../../../lib/etcd-client/stream.js';
import { EtcdWatches } from '../../../lib/etcd-client/watches.js';
import { type EtcdWatchRequest } from '../../../lib/etcd-client/watch-request.js';
import { type WatchNotification } from '../../../lib/etcd-client/watch-notification.js';

interface Opened {
  readonly endpoint: string;
  readonly written: IWatchRequest[];
  readonly stream: EtcdStream<unknown>;
  answer(answer: Partial<IWatchResponse>, revision?: number): void;
}

/** The notifications of one watch, and its error. */
interface Read {
  readonly notifications: WatchNotification[];
  error(): Error | undefined;
  end(): Promise<void>;
}

/** A cluster of three members; the test sends the messages of its streams. */
export class FakeCluster implements EtcdCaller, EtcdStreamOpener {
  readonly timeoutMs = 1_000;
  readonly endpoints = ['a', 'b', 'c'];
  readonly opened: Opened[] = [];
  readonly reconnect: ReconnectCoordinator;
  pinned = 'a';
  down = false;

  constructor(clock: VirtualClock) {
    this.reconnect = new ReconnectCoordinator({ clock, random: () => 0.5 });
  }

  /** The result of a request. */
  outcome: () => Promise<unknown> = async () => await Promise.reject(new Error('not expected in this test'));

  async call<T>(): Promise<T> {
    return (await this.outcome()) as T;
  }

  async callOne<T>(): Promise<T> {
    return await this.call();
  }

  onClose(): void {
    // Never closed here.
  }

  async openStream<Q, A>(endpoint: string, plan: StreamPlan<Q, A>): Promise<EtcdStream<Q>> {
    const rotate = (): void => {
      this.pinned = this.endpoints[(this.endpoints.indexOf(endpoint) + 1) % 3]!;
    };
    if (this.down) {
      rotate();
      throw new EndpointError(endpoint, 'connect ECONNREFUSED', true);
    }
    const written: IWatchRequest[] = [];
    const call = {
      on: () => undefined,
      end: () => undefined,
      cancel: () => undefined,
      write: (request: unknown) => written.push(request as IWatchRequest),
    };
    const stream = new EtcdStream<Q>(endpoint, call, {
      canRenewToken: true,
      isStale: () => false,
      describe: (reason) => reason,
      onClose: () => undefined,
      onFailure: (error) => {
        rotate();
        plan.onEnd(error);
      },
    });
    this.opened.push({
      endpoint,
      written,
      stream: stream,
      answer: (answer, revision = 10) => {
        plan.onMessage({
          header: { cluster_id: '1', revision: String(revision) },
          watch_id: '1',
          created: false,
          canceled: false,
          compact_revision: '0',
          cancel_reason: '',
          fragment: false,
          events: [],
          ...answer,
        } as unknown as A);
      },
    });
    return await Promise.resolve(stream);
  }
}

export function setUp(down = false): {
  cluster: FakeCluster;
  clock: VirtualClock;
  watches: EtcdWatches;
  notifications: WatchNotification[];
  stop(): Promise<void>;
} {
  const clock = new VirtualClock();
  const cluster = new FakeCluster(clock);
  cluster.down = down;
  const watches = new EtcdWatches(cluster, { clock, random: () => 0.5 });
  const controller = new AbortController();
  const notifications: WatchNotification[] = [];
  const reading = (async () => {
    for await (const one of watches.watch({ key: Buffer.from('k'), after: 5n }, controller.signal))
      notifications.push(one);
  })();
  return {
    cluster,
    clock,
    watches,
    notifications,
    stop: async () => {
      controller.abort();
      await reading;
      expect(clock.pending).toBe(0);
      expect(watches.size).toBe(0);
    },
  };
}

/** A cluster without watches. */
export function idle(): { cluster: FakeCluster; clock: VirtualClock; watches: EtcdWatches } {
  const clock = new VirtualClock();
  const cluster = new FakeCluster(clock);
  return { cluster, clock, watches: new EtcdWatches(cluster, { clock, random: () => 0.5 }) };
}

export function read(watches: EtcdWatches, request: EtcdWatchRequest): Read {
  const stop = new AbortController();
  const notifications: WatchNotification[] = [];
  let failure: Error | undefined;
  const reading = (async () => {
    for await (const one of watches.watch(request, stop.signal)) notifications.push(one);
  })().catch((error: unknown) => {
    failure = error as Error;
  });
  return {
    notifications,
    error: () => failure,
    end: async () => {
      stop.abort();
      await reading;
    },
  };
}
