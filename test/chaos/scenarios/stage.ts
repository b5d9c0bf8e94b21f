import { type Random } from '../../../lib/common/random.js';
import { type ConsulAgent, type ConsulOptions, startConsul } from '../../harness/consul.js';
import { type EtcdCluster, type EtcdOptions, startEtcd } from '../../harness/etcd.js';
import { type EtcdMember } from '../../harness/etcd-member.js';
import { TcpProxy } from '../../harness/proxy.js';
import { KeyReader } from '../../harness/reader.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { monotonic, sleep } from '../../harness/wait.js';
import { Worker } from '../../harness/worker.js';
import { Application } from '../application/application.js';
import { type Heart } from '../application/heart.js';
import { type ApplicationSettings } from '../application/settings.js';
import { type Protection } from '../protection.js';
import { between, seededRandom } from '../random.js';
import { Recorder } from '../recording/recorder.js';
import { Store } from './store.js';
import { Watcher } from './watcher.js';

/** An application as a scenario plans it; `without`: what it has to do without even where nothing is taken away. */
type PlannedApplication = Omit<ApplicationSettings, 'seed' | 'without'> &
  Partial<Pick<ApplicationSettings, 'without'>>;
/** Milliseconds between two looks at the leases of a store. */
const LEASE_LOOK = 25;

/** The environment of one scenario: its servers, its heartbeat, its readers, and the recorder of them all. */
export class Stage {
  readonly recorder = new Recorder();
  readonly random: Random;
  /** Measured on the way, for the report: `{ kills: 12 }`. */
  readonly figures: Record<string, number | string> = {};
  private readonly ends: (() => Promise<unknown>)[] = [];

  /**
   * @param without what the applications have to do without
   * @param slowness by what time limits are multiplied
   */
  constructor(
    readonly seed: number,
    readonly without: readonly Protection[] = [],
    private readonly slowness = 1,
  ) {
    this.random = seededRandom(seed);
  }

  /** A limit in milliseconds for this machine: `ms` on the one of the limits, longer on one that is slower. */
  limit(ms: number): number {
    return ms * this.slowness;
  }

  /** Has something ended with the stage, whatever becomes of the scenario. */
  atEnd(end: () => Promise<unknown>): void {
    this.ends.push(end);
  }

  /**
   * Starts a script of workers/ in a process of its own, which has to end by itself.
   *
   * @param finalCommand the command to send before the end, if it needs one
   */
  worker(script: string, settings: unknown, finalCommand?: string): Worker {
    const worker = Worker.start(new URL(`../workers/${script}.ts`, import.meta.url), settings);
    this.atEnd(async () => {
      if (!(await worker.end())) throw new Error('Expected a worker to end by itself.');
    });
    if (finalCommand !== undefined) this.atEnd(async () => await worker.ask(finalCommand));
    return worker;
  }

  async etcd(options: EtcdOptions): Promise<EtcdCluster> {
    const etcd = await startEtcd(options);
    this.ends.push(async () => await etcd.stop());
    return etcd;
  }

  async consul(options: ConsulOptions = {}): Promise<ConsulAgent> {
    const consul = await startConsul(options);
    this.ends.push(async () => await consul.stop());
    return consul;
  }

  /** A new folder, removed in the end. */
  async folder(purpose: string): Promise<string> {
    const folder = await tempFolder(purpose);
    this.ends.push(async () => await removeFolder(folder));
    return folder;
  }

  /** A proxy in front of every member, in their order. */
  async proxies(etcd: EtcdCluster): Promise<TcpProxy[]> {
    const proxies = await Promise.all(etcd.members.map(async (member) => await TcpProxy.to(member)));
    this.ends.push(async () => await Promise.all(proxies.map(async (proxy) => await proxy.stop())));
    return proxies;
  }

  /** Starts an application, and waits until it is up. */
  async application(settings: PlannedApplication): Promise<Application> {
    const app = await Application.start(this.recorder, this.complete(settings));
    this.ends.push(async () => await app.stop());
    return app;
  }

  /** Starts an application without waiting. */
  launch(settings: PlannedApplication): Application {
    const app = Application.launch(this.recorder, this.complete(settings));
    this.ends.push(async () => await app.stop());
    return app;
  }

  /** Starts an application that keeps one key, and answers for its heartbeat. */
  async heart(endpoints: readonly string[], key: string, ttl: number): Promise<Heart> {
    const registry = `etcd://${endpoints.join(',')}`;
    const app = await this.application({ name: `application of ${key}`, registry, keys: [{ key, ttl }] });
    return app.heart();
  }

  /** Follows a prefix by the library's own watch, and records what it delivers. */
  async watcher(who: string, proxies: readonly TcpProxy[], store: Store, prefix: string): Promise<Watcher> {
    const endpoints = proxies.map(({ endpoint }) => `http://${endpoint}`);
    const watcher = await Watcher.start(this.recorder, who, endpoints, store, prefix, this.random);
    this.ends.push(async () => await watcher.stop());
    return watcher;
  }

  /** Reads a key all the time until the returned function is called; then its readings are in the recording. */
  read(etcd: EtcdCluster, key: string, every = 50): () => Promise<void> {
    const reader = KeyReader.start(etcd, key, { every });
    let ending: Promise<void> | undefined;
    const end = (): Promise<void> => (ending ??= this.takeReadings(reader, key));
    this.ends.push(end);
    return end;
  }

  /** Looks at all leases of a store all the time, recorded as `who`, until the returned function is called. */
  watchLeases(etcd: EtcdCluster, who: string): () => Promise<void> {
    const looking = { on: true };
    const store = new Store(etcd);
    const looked = (async (): Promise<void> => {
      while (looking.on) {
        const began = monotonic();
        const leases = await store.leases().catch(() => undefined);
        if (leases) this.recorder.record(who, { kind: 'leases', began, leases });
        await sleep(LEASE_LOOK);
      }
    })();
    const end = async (): Promise<void> => {
      looking.on = false;
      await looked;
    };
    this.ends.push(end);
    return end;
  }

  async kill(member: EtcdMember): Promise<void> {
    this.fault(member.name, 'kill', 'begin');
    await member.kill();
  }

  async restart(member: EtcdMember): Promise<void> {
    await member.restart();
    this.fault(member.name, 'kill', 'end');
  }

  async pause(member: EtcdMember): Promise<void> {
    this.fault(member.name, 'pause', 'begin');
    await member.pause();
  }

  resume(member: EtcdMember): void {
    member.resume();
    this.fault(member.name, 'pause', 'end');
  }

  fault(who: string, what: string, phase: 'begin' | 'end'): void {
    this.recorder.record(who, { kind: 'fault', what, phase });
  }

  /**
   * Ends everything that was started, the last first. A second call does nothing.
   *
   * @throws AggregateError with what could not be ended as it should; everything else is ended all the same
   */
  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (let end = this.ends.pop(); end; end = this.ends.pop())
      await end().catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join('; '));
  }

  private complete(settings: PlannedApplication): ApplicationSettings {
    const without = [...(settings.without ?? []), ...this.without];
    return { ...settings, seed: between(this.random, 0, 2 ** 32 - 1), without };
  }

  private async takeReadings(reader: KeyReader, key: string): Promise<void> {
    const readings = await reader.stop();
    for (const reading of readings) {
      if (reading.kind === 'failed') continue;
      const { began, ended, revision } = reading;
      const lease = reading.kind === 'present' ? { lease: reading.lease } : {};
      const present = reading.kind === 'present';
      this.recorder.record('reader', { kind: 'reading', key, began, present, revision, ...lease }, ended);
    }
    const answered = readings.filter(({ kind }) => kind !== 'failed').length;
    this.figures[`reads of ${key}`] = `${answered} answered, ${readings.length - answered} not`;
  }
}
