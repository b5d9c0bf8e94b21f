import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { monotonic, until } from '../../harness/wait.js';

interface View {
  readonly isLeader: boolean;
  readonly term?: string;
  readonly leader?: string;
}

interface Message {
  readonly kind: 'booted' | 'answer' | 'change' | 'locked';
  readonly number?: number;
  readonly result?: unknown;
  readonly type?: string;
  readonly reason?: string;
}

/** A run under the lock, in milliseconds of the machine's monotonic clock. */
interface Run {
  readonly term: string;
  readonly from: number;
  readonly to: number;
}

/** An application in a process of its own. */
class Instance {
  readonly messages: Message[] = [];
  private readonly child: ChildProcess;
  private readonly exited: Promise<unknown[]>;
  private number = 0;

  constructor(registry: string) {
    const script = fileURLToPath(new URL('./isolated-jobs.mjs', import.meta.url));
    this.child = fork(script, [registry]);
    this.exited = once(this.child, 'exit');
    this.child.on('message', (message: Message) => this.messages.push(message));
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  async booted(): Promise<void> {
    await this.message('the boot', ({ kind }) => kind === 'booted');
  }

  async ask<T = View>(command: string, argument?: number): Promise<T> {
    this.number += 1;
    const { number } = this;
    this.child.send({ number, command, argument });
    return (await this.message(`the answer to ${command}`, (message) => message.number === number))
      .result as T;
  }

  async leads(): Promise<void> {
    await until('leadership', async () => (await this.ask('look')).isLeader);
  }

  async message(what: string, find: (message: Message) => boolean): Promise<Message> {
    await until(what, () => this.messages.some(find));
    return this.messages.find(find)!;
  }

  async close(): Promise<number> {
    await this.ask('close');
    return (await this.exited)[0] as number;
  }
}

/**
 * Milliseconds of a hang that leadership survives, and of one that it does not, with a TTL of 6 s and `maxHang` of 9 s: then the
 * record expires, and time is left for another instance to lead.
 */
const SHORT_HANG_MS = 5_000;
const LONG_HANG_MS = 20_000;

describe('Elections of applications with isolate', () => {
  let etcd: EtcdCluster;
  let one: Instance;
  let two: Instance;

  beforeAll(async () => {
    etcd = await startEtcd();
    one = new Instance(`etcd://${etcd.hosts}?timeout=10`);
    await one.booted();
    await one.leads();
    two = new Instance(`etcd://${etcd.hosts}?timeout=10`);
    await two.booted();
  });
  afterAll(async () => {
    // Undefined where a boot has failed.
    for (const instance of [one, two] as (Instance | undefined)[]) instance?.kill();
    await etcd.stop();
  });

  it('outlast a blocked event loop, and end with one that is blocked for longer than maxHang', async () => {
    const { term } = await one.ask('look');
    expect(await two.ask<unknown>('job')).toBeUndefined();
    expect(await one.ask<unknown>('job')).toBe(term);
    const blocked = one.ask('block', SHORT_HANG_MS);
    const seen: boolean[] = [];
    const end = monotonic() + SHORT_HANG_MS - 200;
    while (monotonic() < end) seen.push((await two.ask('look')).isLeader);
    expect(seen).not.toContain(true);
    expect(await blocked).toEqual({ isLeader: true, term });
    expect(one.messages.filter(({ type }) => type === 'deposed')).toEqual([]);

    const hung = one.ask('block', LONG_HANG_MS);
    await two.leads();
    expect((await hung).isLeader).toBe(false);
    const { reason } = await one.message('the end of the term', ({ type }) => type === 'deposed');
    expect(reason).toBe('hung');
    const next = await two.ask('look');
    expect(BigInt(next.term ?? 0)).toBeGreaterThan(BigInt(term ?? 0));
    await until('a follower', async () => (await one.ask('look')).leader === next.term);
  });

  it('keep a lock while its job blocks the event loop, and free it at the end of the job', async () => {
    const running = one.ask<Run>('locked', SHORT_HANG_MS);
    await one.message('the run', ({ kind }) => kind === 'locked');
    let skipped = 0;
    const next = await until('a free lock', async () => {
      const run = await two.ask<Run | undefined>('locked', 0);
      if (!run) skipped += 1;
      return run;
    });
    const { term, to } = await running;
    expect(skipped).toBeGreaterThan(0);
    expect(next.from).toBeGreaterThan(to);
    expect(BigInt(next.term)).toBeGreaterThan(BigInt(term));
  });

  it('end when the thread dies, and continue with another one', async () => {
    const { term } = await two.ask('look');
    await two.ask<unknown>('endThread');
    const end = await two.message('the end of the term', ({ type }) => type === 'deposed');
    expect(end.reason).toBe('session-gone');
    const later = ({ leader }: View): boolean => BigInt(leader ?? 0) > BigInt(term ?? 0);
    await until('the next leader', async () => later(await one.ask('look')) && later(await two.ask('look')));
    await until('a run under the lock', async () => (await two.ask<unknown>('locked', 0)) !== undefined);
  });

  it('hand over when the application closes', async () => {
    const [leader, other] = (await two.ask('look')).isLeader ? [two, one] : [one, two];
    expect(await leader.close()).toBe(0);
    await other.leads();
    expect(await other.close()).toBe(0);
  });
});
