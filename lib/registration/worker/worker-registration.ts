import { ClosedError } from '../../common/errors/index.js';
import { type EntryRecord } from '../../registry/entry-record.js';
import { sameRecord } from '../../registry/same-record.js';
import { type Registration, type RegistrationOptions } from '../registrar.js';
import { type RegistrationStatus } from '../registration-status.js';
import { type RecordSource, ValueUpdater, type ValueUpdaterDeps } from '../value-updater.js';
import { type Request, type Result } from './protocol.js';

/** What a {@link WorkerRegistration} needs of its registrar. */
export interface WorkerRegistrationDeps extends ValueUpdaterDeps {
  /** Sends a request to the worker. @throws ClosedError after a shutdown */
  request(request: Request): Promise<Result>;
  status(): RegistrationStatus;
  /** Called once, by `stop()`. */
  onStop(): void;
}

/** The entry of one {@link WorkerRegistration}. */
export interface WorkerEntry {
  /** Id of the registration in the worker. */
  readonly id: string;
  readonly key: string;
  readonly record: EntryRecord;
  readonly source: RecordSource;
  /** Whether it starts paused. */
  readonly paused: boolean;
}

/** One registration in the worker thread. Its values are computed in this thread. */
export class WorkerRegistration implements Registration {
  readonly id: string;
  readonly key: string;
  readonly first: Promise<void>;
  private readonly updater: ValueUpdater;
  private currentRecord: EntryRecord;
  private isPaused: boolean;
  private stopped = false;
  /** The response to the last changed value. */
  private written: Promise<unknown> | undefined;

  constructor(
    private readonly deps: WorkerRegistrationDeps,
    { id, key, record, source, paused }: WorkerEntry,
    private currentOptions: RegistrationOptions,
  ) {
    this.id = id;
    this.key = key;
    this.currentRecord = record;
    this.isPaused = paused;
    const target = {
      key,
      update: (next: EntryRecord) => {
        this.write(next);
      },
    };
    this.updater = new ValueUpdater(deps, target, source, currentOptions.updateInterval * 1_000);
    this.first = deps.request({ kind: 'first', id }).then(() => undefined);
    // The caller need not await it.
    this.first.catch(() => undefined);
  }

  get status(): RegistrationStatus {
    return this.deps.status();
  }

  /** The last computed record. */
  get record(): EntryRecord {
    return this.currentRecord;
  }

  /** The options with their changes. */
  get options(): RegistrationOptions {
    return this.currentOptions;
  }

  get paused(): boolean {
    return this.isPaused;
  }

  /** Starts the update ticks. */
  start(): void {
    this.updater.start();
  }

  async update(source: RecordSource): Promise<void> {
    if (this.stopped) return;
    await this.updater.replace(source);
    await ignoreClosed(this.written);
  }

  setUpdateInterval(seconds: number): void {
    if (this.stopped) return;
    this.currentOptions = { ...this.currentOptions, updateInterval: seconds };
    this.updater.setInterval(seconds * 1_000);
    void this.deps.request({ kind: 'update-interval', id: this.id, seconds }).catch(() => undefined);
  }

  async setTtl(seconds: number): Promise<void> {
    if (this.stopped) return;
    this.currentOptions = { ...this.currentOptions, ttl: seconds };
    await ignoreClosed(this.deps.request({ kind: 'ttl', id: this.id, seconds }));
  }

  async pause(): Promise<void> {
    if (this.stopped) return;
    this.isPaused = true;
    await ignoreClosed(this.deps.request({ kind: 'pause', id: this.id }));
  }

  resume(): void {
    if (this.stopped) return;
    this.isPaused = false;
    void this.deps.request({ kind: 'resume', id: this.id }).catch(() => undefined);
  }

  async stop(): Promise<void> {
    if (this.stopped) return;
    this.end();
    this.deps.onStop();
    await ignoreClosed(this.deps.request({ kind: 'stop', id: this.id }));
  }

  /** Ends the update ticks without a request. */
  end(): void {
    this.stopped = true;
    this.updater.stop();
  }

  private write(record: EntryRecord): void {
    if (this.stopped || sameRecord(this.currentRecord, record)) return;
    this.currentRecord = record;
    this.written = this.deps.request({ kind: 'value', id: this.id, record });
    // The caller need not await it.
    this.written.catch(() => undefined);
  }
}

/** Waits for a change. A shutdown in between is no error. */
async function ignoreClosed(changing: Promise<unknown> | undefined): Promise<void> {
  await changing?.catch((error: unknown) => {
    if (!(error instanceof ClosedError)) throw error;
  });
}
