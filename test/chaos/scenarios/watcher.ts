import { EtcdTransport } from '../../../lib/etcd-client/transport.js';
import { EtcdWatches } from '../../../lib/etcd-client/watches.js';
import { type WatchNotification } from '../../../lib/etcd-client/watch-notification.js';
import { type Random } from '../../../lib/common/random.js';
import { type KeyChange } from '../recording/event.js';
import { type Recorder } from '../recording/recorder.js';
import { between } from '../random.js';
import { rangeEnd, type Store } from './store.js';

/** Watches a prefix by the library's own watch, resumes it at random, lists again after a reset, and records all events. */
export class Watcher {
  /** The highest revision up to which everything has been delivered. */
  upTo = 0;
  resets = 0;
  private readonly ending = new AbortController();
  private running: Promise<void> | undefined;

  private constructor(
    readonly who: string,
    private readonly recorder: Recorder,
    private readonly transport: EtcdTransport,
    private readonly watches: EtcdWatches,
    private readonly store: Store,
    private readonly prefix: string,
    private readonly random: Random,
  ) {}

  static async start(
    recorder: Recorder,
    who: string,
    endpoints: readonly string[],
    store: Store,
    prefix: string,
    random: Random,
  ): Promise<Watcher> {
    const transport = await EtcdTransport.create({ endpoints }, { random });
    const watches = new EtcdWatches(transport, transport.deps);
    const watcher = new Watcher(who, recorder, transport, watches, store, prefix, random);
    await watcher.list();
    watcher.running = watcher.run().catch((error: unknown) => {
      // It shows as a watch that never comes to the end.
      recorder.record(who, { kind: 'note', text: `ended by an error: ${String(error)}` });
    });
    return watcher;
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
    this.transport.close();
  }

  private async run(): Promise<void> {
    while (!this.ending.signal.aborted) {
      this.recorder.record(this.who, { kind: 'watch-open', after: this.upTo });
      // A watch that is closed and opened again must continue exactly at its position.
      const life = AbortSignal.any([
        this.ending.signal,
        AbortSignal.timeout(between(this.random, 1_500, 6_000)),
      ]);
      const request = {
        key: Buffer.from(this.prefix),
        rangeEnd: Buffer.from(rangeEnd(this.prefix)),
        after: BigInt(this.upTo),
      };
      for await (const news of this.watches.watch(request, life)) await this.take(news);
    }
  }

  private async take(news: WatchNotification): Promise<void> {
    if (news.kind === 'compacted' || news.kind === 'replaced') {
      this.resets++;
      this.recorder.record(this.who, { kind: 'watch-reset', reason: news.kind });
      await this.list();
      return;
    }
    const upTo = Number(news.revision);
    const changes =
      news.kind === 'alive'
        ? []
        : news.events.map(({ type, kv }): KeyChange => {
            const kind = type === 'Delete' ? 'delete' : 'put';
            const value = kind === 'put' ? { value: kv.value.toString() } : {};
            return { key: kv.key.toString(), kind, revision: Number(kv.mod_revision), ...value };
          });
    this.recorder.record(this.who, { kind: 'watch-batch', changes, upTo });
    this.upTo = Math.max(this.upTo, upTo);
  }

  private async list(): Promise<void> {
    const { revision, entries } = await this.store.list(this.prefix);
    this.recorder.record(this.who, { kind: 'watch-listing', revision, entries });
    this.upTo = revision;
  }
}
