import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { KeyReader } from '../../harness/reader.js';
import { reaper } from '../../harness/reaper.js';
import { monotonic, until } from '../../harness/wait.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

class HangingApp {
  readonly lines: string[] = [];
  private constructor(private readonly child: ChildProcess) {
    createInterface(child.stdout!).on('line', (line) => this.lines.push(line));
  }

  static async start(options: Record<string, unknown>): Promise<HangingApp> {
    const program = fileURLToPath(new URL('hanging-app.mjs', import.meta.url));
    const child = spawn(process.execPath, [program, JSON.stringify(options)], {
      cwd: root,
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    reaper.watch(child.pid!);
    const app = new HangingApp(child);
    await until('the application', () => app.lines.includes('ready'), { deadline: 20_000 });
    return app;
  }

  async say(line: string, answer: string, deadline = 15_000): Promise<string> {
    const from = this.lines.length;
    this.child.stdin!.write(`${line}\n`);
    return await until(answer, () => this.lines.slice(from).find((said) => said.startsWith(answer)), {
      deadline,
    });
  }

  async stop(): Promise<number | null> {
    const ended = once(this.child, 'close') as Promise<[number | null]>;
    this.child.stdin!.end();
    const [code] = await ended;
    await reaper.release(this.child.pid!);
    return code;
  }
}

describe('a blocked event loop (row 7)', () => {
  let etcd: EtcdCluster;
  let app: HangingApp | undefined;

  beforeAll(async () => {
    const { build } = (await import(pathToFileURL(`${root}/scripts/prepare/build.mjs`).href)) as {
      build(root: string): Promise<void>;
    };
    await build(root);
    etcd = await startEtcd();
  }, 120_000);
  afterEach(async () => {
    await app?.stop();
    app = undefined;
  });
  afterAll(() => etcd.stop());

  const start = async (key: string, options: Record<string, unknown>): Promise<HangingApp> =>
    await HangingApp.start({ registry: `etcd://${etcd.hosts}`, key, value: 'here', ...options });

  it('costs the key once, and it is back at once', async () => {
    app = await start('/blocked', { ttl: 2 });
    const reader = KeyReader.start(etcd, '/blocked');
    await until('the key', () => reader.answered().some(({ kind }) => kind === 'present'));
    await app.say('block 6000', 'unblocked');
    const from = monotonic();
    await until('the key', async () => (await etcd.get('/blocked')) === 'here', { deadline: 2_000 });
    expect(monotonic() - from).toBeLessThan(2_000);
    await until('the word of it', () => app!.lines.includes('event restored'));
    await reader.stop();
    expect(reader.absences().length).toBeGreaterThan(0);
    const lost = app.lines.filter((line) => /expired|revoked|deleted/.test(line));
    expect(lost).toHaveLength(1);
    expect(app.lines.filter((line) => line === 'event restored')).toHaveLength(1);
    expect(await etcd.leases()).toHaveLength(1);
  }, 60_000);

  it('with `isolate` costs nothing', async () => {
    app = await start('/isolated', { ttl: 2, isolate: true });
    const reader = KeyReader.start(etcd, '/isolated');
    await until('the key', () => reader.answered().some(({ kind }) => kind === 'present'));
    await app.say('block 6000', 'unblocked');
    await reader.stop();
    const readings = reader.answered();
    const first = readings.findIndex(({ kind }) => kind === 'present');
    expect(readings.slice(first).filter(({ kind }) => kind === 'absent')).toEqual([]);
    await app.say('value next', 'written');
    expect(await etcd.get('/isolated')).toBe('next');
    const beats = await app.say('beats', 'beats');
    expect(JSON.parse(beats.slice('beats '.length))).toMatchObject([{ key: '/isolated', state: 'alive' }]);
    expect(await app.stop()).toBe(0);
    app = undefined;
    expect(await etcd.get('/isolated')).toBeUndefined();
  }, 60_000);

  it('with `isolate` the key goes once the main thread has hung for longer than `maxHang`, and comes back', async () => {
    app = await start('/hung', { ttl: 10, isolate: true, maxHang: 1 });
    expect(await etcd.get('/hung')).toBe('here');
    const unblocked = app.say('block 6000', 'unblocked');
    await until('no key', async () => (await etcd.get('/hung')) === undefined, { deadline: 4_000 });
    await unblocked;
    await until('the key again', async () => (await etcd.get('/hung')) === 'here', { deadline: 4_000 });
  }, 60_000);
});
