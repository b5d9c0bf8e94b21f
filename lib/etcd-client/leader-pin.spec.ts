import { VirtualClock } from '../testing/virtual-clock.js';
import { LeaderPin, type Pinnable } from './leader-pin.js';

/** Three endpoints; the test sets which one is the leader. */
class FakeClient implements Pinnable {
  readonly timeoutMs = 1_000;
  readonly endpoints = ['a', 'b', 'c'];
  readonly pins: string[] = [];
  leader = 'b';
  looks = 0;
  private close: (error: Error) => void = () => undefined;

  pin(endpoint: string): void {
    this.pins.push(endpoint);
  }

  onClose(run: (error: Error) => void): void {
    this.close = run;
  }

  end(): void {
    this.close(new Error('closed'));
  }

  async call<T>(): Promise<T> {
    return await Promise.reject(new Error('not asked for here'));
  }

  async callOne<T>(endpoint: string): Promise<T> {
    this.looks += 1;
    if (endpoint === 'c') return await Promise.reject(new Error('connect ECONNREFUSED'));
    return await Promise.resolve({ header: { member_id: endpoint }, leader: this.leader } as T);
  }
}

describe('LeaderPin', () => {
  it('pins the leader, follows it to another endpoint, and stops when the client closes', async () => {
    const clock = new VirtualClock();
    const client = new FakeClient();
    new LeaderPin(client, clock).start();
    await clock.advance(0);
    expect(client.pins).toEqual(['b']);
    client.leader = 'a';
    await clock.advance(30_000);
    expect(client.pins).toEqual(['b', 'a']);
    client.end();
    expect(clock.pending).toBe(0);
    await clock.advance(60_000);
    expect(client.looks).toBe(6);
  });

  it('keeps the pin while the cluster has no leader', async () => {
    const clock = new VirtualClock();
    const client = new FakeClient();
    client.leader = '0';
    new LeaderPin(client, clock).start();
    await clock.advance(0);
    expect(client.pins).toEqual([]);
    client.end();
    expect(clock.pending).toBe(0);
  });
});
