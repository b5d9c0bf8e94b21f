import { type Clock, type Timer } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { type ElectionChange } from '../../../lib/election/election.js';
import { type ElectionClient } from '../../../lib/election/election-client.js';
import { createWorkerElections } from '../../../lib/election/worker/create-worker-elections.js';
import {
  type ElectionChannel,
  type ElectionChannelUser,
} from '../../../lib/election/worker/election-channel.js';
import { ElectionHost } from '../../../lib/election/worker/election-host.js';
import { type ElectionReport, type ElectionRequest } from '../../../lib/election/worker/protocol.js';
import { PULSE_INTERVAL_MS, startPulse, watchPulse } from '../../../lib/registration/worker/hang-watch.js';
import { type MemorySource } from '../../../lib/registries/memory/memory.js';
import { FaultyRegistry } from '../../../lib/testing/faulty-registry.js';
import { type VirtualClock } from '../../../lib/testing/virtual-clock.js';

/** A thread, as far as its timers and messages are concerned: while it hangs they wait, in their order. */
class Thread {
  private readonly waiting: (() => void)[] = [];
  private isHung = false;
  readonly clock: Clock;

  constructor(clock: VirtualClock) {
    this.clock = {
      now: () => clock.now(),
      wall: () => clock.wall(),
      after: (delayMs, run): Timer => {
        let cancelled = false;
        const timer = clock.after(delayMs, () => {
          this.run(() => {
            if (!cancelled) run();
          });
        });
        return {
          cancel: () => {
            cancelled = true;
            timer.cancel();
          },
        };
      },
    };
  }

  run(work: () => void): void {
    if (this.isHung) this.waiting.push(work);
    else work();
  }

  hang(): void {
    this.isHung = true;
  }

  wake(): void {
    this.isHung = false;
    for (const work of this.waiting.splice(0)) work();
  }
}

/** A worker thread with its connection. */
interface Worker {
  readonly host: ElectionHost;
  readonly registry: FaultyRegistry;
  readonly watch: Timer;
}

/**
 * A process with `isolate`: an application and its worker, which are two threads only in what they wait for. The real
 * threads run in test/real/elections.
 */
export class IsolatedProcess implements ElectionChannel {
  readonly client: ElectionClient;
  readonly changes: ElectionChange[] = [];
  readonly lines: string[] = [];
  private readonly main: Thread;
  private readonly pulse = new Int32Array(1);
  private readonly pulsing: Timer;
  private readonly dead: Worker[] = [];
  private worker: Worker | undefined;
  private user: ElectionChannelUser | undefined;

  constructor(
    private readonly options: {
      readonly clock: VirtualClock;
      readonly source: MemorySource;
      readonly name: string;
      readonly ttl: number;
      readonly maxHangMs: number;
      readonly random?: () => number;
    },
    worker: Worker,
  ) {
    const { clock, ttl } = options;
    this.main = new Thread(clock);
    this.worker = worker;
    this.pulsing = startPulse(this.main.clock, this.pulse);
    this.client = createWorkerElections({
      clock: this.main.clock,
      logger: {
        ...silentLogger,
        log: (line) => void this.lines.push(line),
        warn: (line) => void this.lines.push(`WARN ${line}`),
      },
      ttl,
      channel: this,
      offsetMs: 0,
      url: 'memory:',
      applicationId: 'app',
    });
    this.client.of('job').changes.subscribe((change) => this.changes.push(change));
  }

  static async start(options: ConstructorParameters<typeof IsolatedProcess>[0]): Promise<IsolatedProcess> {
    const made: { process?: IsolatedProcess } = {};
    const worker = await startWorker(
      options,
      (report) => made.process?.report(report),
      () => made.process!.pulse,
    );
    made.process = new IsolatedProcess(options, worker);
    return made.process;
  }

  get registry(): FaultyRegistry {
    return this.worker!.registry;
  }

  readonly send: ElectionChannel['send'] = (request) => this.sendTo(this.worker, request);

  use(user: ElectionChannelUser): () => Promise<void> {
    this.user = user;
    return () => Promise.resolve();
  }

  /** The main thread runs nothing until {@link wake}. */
  hang(): void {
    this.main.hang();
  }

  wake(): void {
    this.main.wake();
  }

  /** The worker dies, and another one starts. */
  async replaceWorker(): Promise<void> {
    const { worker } = this;
    if (!worker) return;
    this.worker = undefined;
    this.dead.push(worker);
    worker.watch.cancel();
    worker.registry.fail('hang');
    this.user?.onEnded();
    this.worker = await startWorker(
      this.options,
      (report) => {
        this.report(report);
      },
      () => this.pulse,
    );
    void this.user?.restore((request) => this.sendTo(this.worker, request));
  }

  /** Closes everything while the clock runs. */
  async close(): Promise<void> {
    this.wake();
    this.worker?.registry.heal();
    await this.client.close(0);
    this.pulsing.cancel();
    for (const { host, registry, watch } of [...this.dead, ...(this.worker ? [this.worker] : [])]) {
      watch.cancel();
      await host.perform({ kind: 'close-elections' }).catch(() => undefined);
      registry.heal();
      await registry.close();
    }
  }

  private report(report: ElectionReport): void {
    const copy = structuredClone(report);
    queueMicrotask(() => {
      this.main.run(() => this.user?.onReport(copy));
    });
  }

  private async sendTo(
    worker: Worker | undefined,
    request: ElectionRequest,
  ): ReturnType<ElectionChannel['send']> {
    if (!worker) throw new Error('The worker has ended.');
    const result = await worker.host.perform(request);
    await new Promise<void>((resolve) => {
      this.main.run(resolve);
    });
    return result;
  }
}

async function startWorker(
  { clock, source, name, maxHangMs, random = Math.random }: ConstructorParameters<typeof IsolatedProcess>[0],
  report: (report: ElectionReport) => void,
  pulse: () => Int32Array,
): Promise<Worker> {
  const inner = await source.open({ clock, random, logger: silentLogger });
  const registry = new FaultyRegistry(inner, clock);
  const host = new ElectionHost({
    registry,
    clock,
    random,
    logger: silentLogger,
    name,
    aliveMs: maxHangMs + PULSE_INTERVAL_MS,
    report,
    offsetMs: 0,
  });
  let watch: Timer | undefined;
  // The process exists when the first pulse is looked at.
  const first = clock.after(0, () => {
    watch = watchPulse(clock, pulse(), maxHangMs, {
      onBeat: () => {
        host.beat();
      },
      onHang: () => {
        host.suspend();
      },
      onBack: () => {
        host.resume();
      },
    });
  });
  return {
    host,
    registry,
    watch: {
      cancel: () => {
        first.cancel();
        watch?.cancel();
      },
    },
  };
}
