import { deferred } from '../common/async/deferred.js';
import { ReconnectCoordinator } from '../common/async/reconnect-coordinator.js';
import { DeadlineExceededError } from '../common/errors/index.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { roundFrom } from './endpoint-selection.js';
import { ClusterError, EndpointError } from './errors/index.js';
import { type KeepAliveClient, KeepAliveLane } from './keep-alive-lane.js';
import { EtcdStream, type StreamPlan } from './stream.js';

const TRACKED = { timeoutMs: 500, track: true };
const ONCE = { timeoutMs: 500, track: false };

/** Servers that answer renewals at once, unless they are silent, refuse connections or have no leader. */
class FakeServers implements KeepAliveClient {
  readonly timeoutMs = 1_000;
  readonly reconnect: ReconnectCoordinator;
  readonly opened: string[] = [];
  readonly silent = new Set<string>();
  readonly refusing = new Set<string>();
  readonly electing = new Set<string>();
  /** Settles the next openings; undefined: they settle at once. */
  opening: Promise<void> | undefined;
  elections = 0;
  closed = 0;
  ttl = 10;

  constructor(
    readonly clock: VirtualClock,
    readonly endpoints: readonly string[] = ['a', 'b', 'c'],
    public pinned = 'a',
  ) {
    this.reconnect = new ReconnectCoordinator({ clock, random: () => 0.5 });
  }

  pin(endpoint: string): void {
    this.pinned = endpoint;
  }

  leave(endpoint: string): void {
    if (this.pinned === endpoint) this.pinned = roundFrom(this.endpoints, endpoint)[1] ?? endpoint;
  }

  async waitForElection(): Promise<void> {
    this.elections += 1;
    this.electing.clear();
    await Promise.resolve();
  }

  logCommand(): void {
    // Not tested here.
  }

  onClose(): void {
    // Never closed here.
  }

  async openStream<Q, A>(endpoint: string, plan: StreamPlan<Q, A>): Promise<EtcdStream<Q>> {
    this.opened.push(endpoint);
    await this.opening;
    if (this.refusing.has(endpoint)) throw new EndpointError(endpoint, 'connect ECONNREFUSED', true);
    if (this.electing.has(endpoint)) throw new EndpointError(endpoint, 'etcdserver: no leader', true);
    const call = {
      on: () => undefined,
      end: () => undefined,
      cancel: () => undefined,
      write: (request: { readonly ID: string }) => {
        if (!this.silent.has(endpoint))
          queueMicrotask(() => plan.onMessage({ ID: request.ID, TTL: String(this.ttl) } as unknown as A));
      },
    };
    return new EtcdStream<Q>(endpoint, call as never, {
      canRenewToken: true,
      isStale: () => false,
      describe: (reason) => reason,
      onClose: () => {
        this.closed += 1;
      },
      onFailure: (error) => {
        plan.onEnd(error);
      },
    });
  }
}

function setUp(endpoints?: readonly string[]) {
  const clock = new VirtualClock();
  const servers = new FakeServers(clock, endpoints);
  return { clock, servers, lane: new KeepAliveLane(servers) };
}

describe('KeepAliveLane', () => {
  it('renews all leases over one stream, and closes it with the last one', async () => {
    const { servers, lane } = setUp();
    await Promise.all(['1', '2', '3'].map(async (id) => await lane.renew(id, TRACKED)));
    expect(servers.opened).toEqual(['a']);
    for (const id of ['1', '2']) lane.forget(id);
    await Promise.resolve();
    expect(servers.closed).toBe(0);
    lane.forget('3');
    await Promise.resolve();
    expect(servers.closed).toBe(1);
  });

  it('closes the stream after a lease that is renewed once, but not before the renewals in flight are answered', async () => {
    const { servers, lane } = setUp();
    const opening = deferred<void>();
    servers.opening = opening.promise;
    const renewals = ['1', '2'].map(async (id) => await lane.renew(id, ONCE));
    // Ends the tracking while the stream is still being opened.
    lane.forget('1');
    opening.resolve();
    expect(await Promise.all(renewals)).toEqual([10, 10]);
    await Promise.resolve();
    expect(servers.closed).toBe(servers.opened.length);
  });

  it('leaves a silent server within the time of one attempt, and stays where it was answered', async () => {
    const { clock, servers, lane } = setUp();
    servers.silent.add('a');
    const renewal = lane.renew('1', TRACKED);
    await clock.advance(500);
    expect(await renewal).toBe(10);
    expect(servers.opened).toEqual(['a', 'b']);
    expect(servers.pinned).toBe('b');
    await lane.renew('1', TRACKED);
    expect(servers.opened).toHaveLength(2);
  });

  it('leaves a server that is silent before its stream is open', async () => {
    const { clock, servers, lane } = setUp();
    servers.opening = new Promise(() => undefined);
    const renewal = lane.renew('1', TRACKED);
    await clock.advance(499);
    servers.opening = undefined;
    await clock.advance(1);
    expect(await renewal).toBe(10);
    expect(servers.pinned).toBe('b');
  });

  it('tries a single silent server twice, and a single one that refuses connections once', async () => {
    const { clock, servers, lane } = setUp(['a']);
    servers.silent.add('a');
    const renewal = lane.renew('1', TRACKED);
    const failed = expect(renewal).rejects.toThrow(ClusterError);
    await clock.advance(1_000);
    await failed;
    expect(servers.opened).toEqual(['a', 'a']);
    expect(servers.reconnect.unreachable).toBe(true);
    servers.refusing.add('a');
    await expect(lane.renew('1', TRACKED)).rejects.toThrow(ClusterError);
    expect(servers.opened).toHaveLength(3);
  });

  it('tries all servers once more when they elect a leader', async () => {
    const { servers, lane } = setUp();
    for (const endpoint of servers.endpoints) servers.electing.add(endpoint);
    expect(await lane.renew('1', TRACKED)).toBe(10);
    expect(servers.elections).toBe(1);
    expect(servers.opened).toHaveLength(4);
    expect(servers.reconnect.unreachable).toBe(false);
  });

  it.each([
    ['moves the pin when the deadline of the caller passes', new DeadlineExceededError('late'), 'b'],
    ['keeps the pin when the caller aborts', new DOMException('closed', 'AbortError'), 'a'],
  ])('%s', async (_, reason, pinned) => {
    const { servers, lane } = setUp();
    servers.silent.add('a');
    const caller = new AbortController();
    const renewal = lane.renew('1', TRACKED, caller.signal);
    await Promise.resolve();
    caller.abort(reason);
    await expect(renewal).rejects.toBe(reason);
    expect(servers.pinned).toBe(pinned);
  });
});
