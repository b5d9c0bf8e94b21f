import { type Random } from '../../../lib/kernel/random.js';
import { type EtcdCluster, type EtcdOptions, startEtcd } from '../../harness/etcd.js';
import { type EtcdMember } from '../../harness/etcd-member.js';
import { TcpProxy } from '../../harness/proxy.js';
import { KeyReader } from '../../harness/reader.js';
import { seededRandom } from '../random.js';
import { Recorder } from '../recording/recorder.js';
import { Heart } from './heart.js';
import { type Store } from './store.js';
import { Watcher } from './watcher.js';

/** What one scenario plays on: its servers, its heartbeat, its readers, and the recorder that sees them all. */
export class Stage {
  readonly recorder = new Recorder();
  readonly random: Random;
  /** Measured on the way, for the report: `{ kills: 12 }`. */
  readonly figures: Record<string, number | string> = {};
  private readonly ends: (() => Promise<unknown>)[] = [];

  constructor(readonly seed: number) {
    this.random = seededRandom(seed);
  }

  /** Has something ended with the stage, whatever becomes of the scenario. */
  atEnd(end: () => Promise<unknown>): void {
    this.ends.push(end);
  }

  async etcd(options: EtcdOptions): Promise<EtcdCluster> {
    const etcd = await startEtcd(options);
    this.ends.push(async () => await etcd.stop());
    return etcd;
  }

  /** A proxy in front of every member, in their order. */
  async proxies(etcd: EtcdCluster): Promise<TcpProxy[]> {
    const proxies = await Promise.all(etcd.members.map(async (member) => await TcpProxy.to(member)));
    this.ends.push(async () => await Promise.all(proxies.map(async (proxy) => await proxy.stop())));
    return proxies;
  }

  /** Keeps one key alive by the library, and records what its heartbeat says. */
  async heart(endpoints: readonly string[], key: string, ttl: number): Promise<Heart> {
    const heart = await Heart.start(this.recorder, `etcd://${endpoints.join(',')}`, key, ttl, this.random);
    this.ends.push(async () => await heart.stop());
    return heart;
  }

  /** Follows a prefix by the library's own watch, and records what it delivers. */
  async watcher(who: string, proxies: readonly TcpProxy[], store: Store, prefix: string): Promise<Watcher> {
    const endpoints = proxies.map(({ endpoint }) => `http://${endpoint}`);
    const watcher = await Watcher.start(this.recorder, who, endpoints, store, prefix, this.random);
    this.ends.push(async () => await watcher.stop());
    return watcher;
  }

  /** Reads a key all the time until the returned function is called; then its readings are in the recording. */
  read(etcd: EtcdCluster, key: string): () => Promise<void> {
    const reader = KeyReader.start(etcd, key);
    let ending: Promise<void> | undefined;
    const end = (): Promise<void> => (ending ??= this.takeReadings(reader, key));
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

  /** Ends everything that was started, the last first. A second call does nothing. */
  async close(): Promise<void> {
    for (let end = this.ends.pop(); end; end = this.ends.pop()) await end();
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
