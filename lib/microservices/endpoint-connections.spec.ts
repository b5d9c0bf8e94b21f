import { type Endpoint } from '../discovery/endpoint.js';
import { completeInstance } from '../registry/instance.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { type EndListener, type EndpointClient } from './endpoint-client.js';
import { EndpointConnection } from './endpoint-connection.js';
import { EndpointConnections } from './endpoint-connections.js';

const TIMEOUT_MS = 2_000;

const endpoint = (id: string, more: Partial<Endpoint> = {}): Endpoint =>
  completeInstance({ service: 'hero', id, address: '10.0.0.1', port: 80, ...more });

/** A client without a socket: a real one cannot be silent at will. */
class FakeClient implements EndpointClient {
  connected = false;
  pending = 0;
  error: Error | undefined;
  private settle: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(readonly onEnd: EndListener) {}

  get writable(): boolean {
    return this.connected && this.error === undefined;
  }
  async connect(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.connected = true;
  }
  accept(): void {
    this.settle?.resolve();
  }
  refuse(error: Error): void {
    this.settle?.reject(error);
  }
  end(error: Error): void {
    this.error ??= error;
    this.settle?.reject(error);
  }
  request = (): void => undefined;
  forget = (): void => undefined;
  event = (): Promise<void> => Promise.resolve();
  on = (): void => undefined;
  unwrap = (): unknown => undefined;
}

describe('EndpointConnections', () => {
  let clock: VirtualClock;
  let clients: FakeClient[];
  let connections: EndpointConnections;
  let statuses: boolean[];

  beforeEach(() => {
    clock = new VirtualClock();
    clients = [];
    statuses = [];
    connections = new EndpointConnections(
      (target, hooks) =>
        new EndpointConnection(target, target.port, {
          ...hooks,
          clock,
          makeClient: (onEnd) => {
            const client = new FakeClient(onEnd);
            clients.push(client);
            return client;
          },
        }),
      () => statuses.push(connections.anyReady),
    );
  });
  afterEach(() => {
    connections.close();
    expect(clock.pending).toBe(0);
  });

  async function connected(target: Endpoint): Promise<FakeClient> {
    const opening = connections.of(target).open(TIMEOUT_MS);
    clients.at(-1)!.accept();
    await opening;
    return clients.at(-1)!;
  }

  it('connects once for all callers, and keeps the connection of an endpoint', async () => {
    const one = endpoint('one');
    const first = connections.of(one).open(TIMEOUT_MS);
    expect(connections.of(one).open(TIMEOUT_MS)).toBe(first);
    expect(connections.anyReady).toBe(false);
    clients[0]!.accept();
    expect(await first).toBe(clients[0]);
    expect(connections.of(endpoint('one', { weight: 5 })).ready).toBe(clients[0]);
    expect(statuses).toEqual([true]);
  });

  it('fails when there is no connection in time, and tries again with another client', async () => {
    const connection = connections.of(endpoint('one'));
    const opening = connection.open(TIMEOUT_MS);
    const failed = expect(opening).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await clock.advance(TIMEOUT_MS);
    await failed;
    await connected(endpoint('one'));
    expect(clients).toHaveLength(2);
  });

  it('fails with the error of the socket', async () => {
    const opening = connections.of(endpoint('one')).open(TIMEOUT_MS);
    clients[0]!.refuse(new Error('refused'));
    await expect(opening).rejects.toThrow('refused');
    expect(connections.of(endpoint('one')).ready).toBeUndefined();
  });

  it('ends a client whose connection was lost, with the cause, and does not use it again', async () => {
    const client = await connected(endpoint('one'));
    client.onEnd(new Error('read ECONNRESET'));
    expect(client.error).toMatchObject({ code: 'SIDEKICK_CONNECTION_LOST', reason: 'closed' });
    expect(client.error?.message).toBe(
      'The instance "one" of service "hero" (10.0.0.1:80) gave no answer: the connection was closed (read ECONNRESET).',
    );
    expect(statuses).toEqual([true, false]);
    expect(await connected(endpoint('one'))).not.toBe(client);
  });

  it('keeps the connection of a deregistered instance until its messages are answered', async () => {
    const client = await connected(endpoint('one'));
    client.pending = 1;
    const connection = connections.of(endpoint('one'));
    connections.follow([], new Set());
    await clock.advance(29_000);
    expect(client.error).toBeUndefined();
    expect(connections.anyReady).toBe(false);
    client.pending = 0;
    connection.released();
    expect(client.error).toMatchObject({ reason: 'withdrawn' });
    expect(clock.pending).toBe(0);
  });

  it('keeps it for 30 s at most', async () => {
    const client = await connected(endpoint('one'));
    client.pending = 1;
    connections.follow([], new Set());
    await clock.advance(30_000);
    expect(client.error).toMatchObject({ reason: 'withdrawn' });
  });

  it('closes the connection of an expired instance at once', async () => {
    const client = await connected(endpoint('one'));
    client.pending = 1;
    connections.follow([], new Set(['one']));
    expect(client.error).toMatchObject({ reason: 'expired' });
  });

  it.each([{ address: '10.0.0.2' }, { port: 81 }, { ports: { tcp: 81 } }])(
    'connects again when an instance moves to %j',
    async (moved) => {
      const before = await connected(endpoint('one'));
      connections.follow([endpoint('one', moved)], new Set());
      expect(before.error).toMatchObject({ reason: 'withdrawn' });
      await connected(endpoint('one', moved));
      expect(clients).toHaveLength(2);
    },
  );

  it('closes everything, also a connection that is being opened', async () => {
    const client = await connected(endpoint('one'));
    client.pending = 1;
    connections.follow([], new Set());
    const opening = connections.of(endpoint('two')).open(TIMEOUT_MS);
    const failed = expect(opening).rejects.toMatchObject({ reason: 'client-closed' });
    connections.close();
    await failed;
    expect(client.error).toMatchObject({ reason: 'client-closed' });
  });

  it('gives out no client that was closed before its caller has continued', async () => {
    const opening = connections.of(endpoint('one')).open(TIMEOUT_MS);
    clients[0]!.accept();
    connections.close();
    await expect(opening).rejects.toMatchObject({ reason: 'client-closed' });
  });
});
