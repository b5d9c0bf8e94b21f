import { expectFirstValueAborted, OPTIONS } from '../../../test/harness/in-memory/registrar-world.js';
import { ClosedError, InvalidOptionError } from '../../common/errors/index.js';
import { silentLogger } from '../../common/logger.js';
import { type EntryRecord } from '../../registry/entry-record.js';
import { memory, type MemorySource } from '../../registries/memory/memory.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { AlreadyHeldError } from '../already-held.error.js';
import { LocalRegistrar } from '../local-registrar.js';
import { type RegistrationState } from '../registration-status.js';
import { clockTicker } from '../ticker.js';
import { errorOf } from './failure.js';
import { type Report, type Request, type Result } from './protocol.js';
import { WorkerHost } from './worker-host.js';
import { WorkerRegistrar, type WorkerRegistrarDeps } from './worker-registrar.js';
import { type WorkerUser } from './worker-thread.js';

const record = (value: string): EntryRecord => ({ kind: 'key', key: 'k', value });

/** A worker in this thread: a `WorkerHost` that receives and sends copies. Real threads run in the chaos scenarios. */
class NearWorker {
  readonly running = true;
  private readonly pending = new Map<number, (answer: Promise<Result>) => void>();
  /** What arrives while the main thread is busy; undefined: it is not. */
  private waiting: (() => void)[] | undefined;
  private user: WorkerUser | undefined;
  private readonly host: WorkerHost;

  constructor(registrar: LocalRegistrar, clock: VirtualClock) {
    const connection = (): { driver: string; connected: boolean } => ({ driver: 'memory', connected: true });
    const elections = {
      perform: () => Promise.resolve(undefined),
      suspend: () => undefined,
      resume: () => undefined,
    };
    this.host = new WorkerHost(registrar, clock, connection, elections, (report) => {
      const copy = structuredClone(report);
      const receive = (): void => {
        this.receive(copy);
      };
      if (this.waiting) this.waiting.push(receive);
      else queueMicrotask(receive);
    });
  }

  /** Lets all that arrives wait until the returned function is called. */
  block(): () => void {
    const waiting: (() => void)[] = [];
    this.waiting = waiting;
    return () => {
      this.waiting = undefined;
      for (const receive of waiting) receive();
    };
  }

  use(user: WorkerUser): () => Promise<void> {
    this.user = user;
    return () => Promise.resolve();
  }

  async request(request: Request): Promise<Result> {
    const number = this.pending.size;
    return await new Promise<Result>((resolve) => {
      this.pending.set(number, resolve);
      void this.host.handle(number, structuredClone(request));
    });
  }

  async requestOnce(request: Request): Promise<Result> {
    return await this.request(request);
  }

  private receive(report: Report): void {
    if (report.kind !== 'answer') this.user?.onReport(report);
    else if (report.failure) this.pending.get(report.number)?.(Promise.reject(errorOf(report.failure)));
    else this.pending.get(report.number)?.(Promise.resolve(report.result));
  }
}

describe('WorkerRegistrar', () => {
  let clock: VirtualClock;
  let worker: NearWorker;
  let registrar: WorkerRegistrar;
  let registry: MemorySource;
  let deps: Omit<WorkerRegistrarDeps, 'thread'> & { readonly random: () => number };

  beforeEach(async () => {
    clock = new VirtualClock();
    registry = memory();
    deps = { clock, random: () => 0.5, logger: silentLogger, ticker: clockTicker(clock) };
    const opened = await registry.open(deps);
    worker = new NearWorker(new LocalRegistrar({ ...deps, registry: opened, name: 'test' }), clock);
    registrar = new WorkerRegistrar({ ...deps, thread: worker } satisfies WorkerRegistrarDeps);
  });

  afterEach(async () => {
    await registrar.close();
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  });

  it('has the status of an entry before the worker has reported one', async () => {
    const registration = await registrar.register('k', record('v'), OPTIONS);
    const expected = { key: 'k', state: 'starting', lastAck: undefined, age: undefined };
    expect(registrar.statuses).toEqual([expected]);
    expect(registration.status).toEqual(expected);
    const states: RegistrationState[] = [];
    registrar.onEvent(() => states.push(...registrar.statuses.map(({ state }) => state)));
    await clock.advance(1);
    // At the first event, which precedes the next report of all statuses.
    expect(states).toEqual(['alive']);
    expect(registration.status).toMatchObject({ state: 'alive', lastAck: expect.any(Date) as Date });
  });

  it('reports an entry as paused that was registered during a pause', async () => {
    const registration = await registrar.register('k', record('v'), OPTIONS, () => true);
    expect(registrar.statuses).toMatchObject([{ key: 'k', state: 'paused' }]);
    await registration.stop();
    await clock.advance(1);
    expect(registrar.statuses).toEqual([]);
  });

  it('starts no tick for an entry whose registration is answered after close()', async () => {
    const release = worker.block();
    const registering = registrar.register('k', () => record('v'), OPTIONS);
    const refused = expect(registering).rejects.toThrow(ClosedError);
    await clock.advance(0);
    const closing = registrar.close();
    await clock.advance(0);
    release();
    await closing;
    await clock.advance(0);
    expect(clock.pending).toBe(0);
    await refused;
  });

  it('rejects a second registration of a key with the class of error of a registrar without a worker', async () => {
    await registrar.register('k', record('v'), OPTIONS);
    await expect(registrar.register('k', record('w'), OPTIONS)).rejects.toThrow(InvalidOptionError);
  });

  it('rejects the first write of an exclusive key that another session holds with AlreadyHeldError', async () => {
    const holder = new LocalRegistrar({ ...deps, registry: await registry.open(deps), name: 'holder' });
    const held = await holder.register('k', record('v'), OPTIONS);
    await Promise.all([held.first, clock.advance(1)]);
    const registration = await registrar.register('k', record('w'), { ...OPTIONS, exclusive: true });
    const refused = expect(registration.first).rejects.toThrow(AlreadyHeldError);
    await clock.advance(1);
    await refused;
    await Promise.all([holder.close(), registration.stop(), clock.advance(1)]);
  });

  it('aborts the computation of a first value with close()', async () => {
    await expectFirstValueAborted(registrar, clock);
  });
});
