import { systemClock } from '../../../../lib/common/clock.js';
import { type Logger } from '../../../../lib/common/logger.js';
import { type Random } from '../../../../lib/common/random.js';
import {
  type Cursor,
  type Registry,
  type ServiceScope,
  type WatchBatch,
} from '../../../../lib/registry/registry.js';
import { registrySource } from '../../../../lib/registries/registry-url.js';
import { sleep } from '../../../harness/wait.js';
import { weakened } from '../../application/weakened.js';
import { type Protection } from '../../protection.js';
import { between } from '../../random.js';
import { type PortChange } from '../../recording/event.js';
import { type Recorder } from '../../recording/recorder.js';

const SILENT: Logger = { log: () => undefined, warn: () => undefined, error: () => undefined };

/** Options of a {@link Mirror}. */
export interface MirrorSettings {
  readonly who: string;
  readonly registry: string;
  readonly service: string;
  readonly random: Random;
  readonly without: readonly Protection[];
  /** Milliseconds that one watch is followed, at least and at most, before it is taken up again. */
  readonly life: readonly [least: number, most: number];
  /** Lists again instead of resuming the watch; false by default. */
  readonly relist?: boolean;
}

/** Mirrors a service of etcd through the registry port: lists, watches, resumes at random, and records all. */
export class Mirror {
  /** The highest revision up to which everything has been delivered. */
  upTo = 0;
  lists = 0;
  resumes = 0;
  private readonly ending = new AbortController();
  private running: Promise<void> | undefined;

  private constructor(
    readonly settings: MirrorSettings,
    private readonly recorder: Recorder,
    private readonly registry: Registry,
  ) {}

  static async start(recorder: Recorder, settings: MirrorSettings): Promise<Mirror> {
    const source = registrySource(settings.registry, {});
    const { without, random } = settings;
    const registry = await (without.length > 0 ? weakened(source, without) : source).open({
      clock: systemClock,
      random,
      logger: SILENT,
    });
    const mirror = new Mirror(settings, recorder, registry);
    mirror.running = mirror.run();
    return mirror;
  }

  get who(): string {
    return this.settings.who;
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
    await this.registry.close();
  }

  private get scope(): ServiceScope {
    return { kind: 'service', service: this.settings.service };
  }

  private async run(): Promise<void> {
    const { signal } = this.ending;
    let cursor: Cursor | undefined;
    while (!signal.aborted) {
      try {
        cursor ??= await this.list();
        cursor = await this.follow(cursor);
      } catch {
        // Faults cause failures; the mirror resumes at its position.
        await sleep(50);
      }
    }
  }

  private async list(): Promise<Cursor> {
    const { entries, cursor } = await this.registry.list(this.scope, this.ending.signal);
    this.lists += 1;
    this.record(
      'mirror-listing',
      cursor,
      entries.map((entry) => putOf(entry)),
    );
    return cursor;
  }

  /** One watch; returns where the next one begins, or nothing where it has to list before. */
  private async follow(from: Cursor): Promise<Cursor | undefined> {
    const { who, random, life, relist = false } = this.settings;
    this.recorder.record(who, { kind: 'mirror-open', after: revisionOf(from) });
    this.resumes += 1;
    const end = AbortSignal.any([this.ending.signal, AbortSignal.timeout(between(random, ...life))]);
    let cursor = from;
    try {
      for await (const batch of this.registry.watch(this.scope, cursor, end)) {
        if (batch.kind === 'reset') return undefined;
        cursor = this.take(batch);
      }
    } catch {
      // Silence: the watch is taken up where it was.
    }
    return relist ? undefined : cursor;
  }

  private take(batch: Exclude<WatchBatch, { kind: 'reset' }>): Cursor {
    if (batch.kind === 'listing') {
      this.record(
        'mirror-listing',
        batch.listing.cursor,
        batch.listing.entries.map((entry) => putOf(entry)),
      );
      return batch.listing.cursor;
    }
    const changes = batch.changes.flatMap((change): PortChange[] => {
      if (change.kind === 'malformed') return [];
      if (change.kind === 'put') return [putOf(change.entry)];
      return change.entryKey.kind === 'instance' ? [{ id: change.entryKey.id }] : [];
    });
    this.record('mirror-changes', batch.cursor, changes);
    return batch.cursor;
  }

  private record(
    kind: 'mirror-listing' | 'mirror-changes',
    cursor: Cursor,
    all: readonly PortChange[],
  ): void {
    const revision = revisionOf(cursor);
    this.upTo = Math.max(this.upTo, revision);
    this.recorder.record(
      this.who,
      kind === 'mirror-listing' ? { kind, revision, entries: all } : { kind, upTo: revision, changes: all },
    );
  }
}

/** etcd's cursors begin with the cluster and the revision. */
function revisionOf(cursor: Cursor): number {
  return Number(cursor.split(':')[1]);
}

function putOf({ record, version }: { readonly record: unknown; readonly version: string }): PortChange {
  const { instance } = record as {
    readonly instance: { readonly id: string; readonly meta: Record<string, string> };
  };
  return { id: instance.id, put: { version: Number(version), value: instance.meta.n ?? '' } };
}
