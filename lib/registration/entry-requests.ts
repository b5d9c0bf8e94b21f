import { attempt } from '../common/async/deadline.js';
import { type EntryRecord, type EntryKey, entryKeyLabel } from '../registry/entry-record.js';
import { type RegistryEntry, type Session, type WriteResult } from '../registry/registry.js';
import { type HeartbeatDeps } from './session-runner.js';

/** Milliseconds that one read, write or removal of an entry may take with a driver that sets no `writeTimeoutMs`. */
const REQUEST_TIMEOUT_MS = 2_000;

/** Requests to the registry about one entry, each with a deadline. */
export class EntryRequests {
  private inFlight: AbortController | undefined;
  private aborted: Error | undefined;

  constructor(
    private readonly deps: HeartbeatDeps,
    private readonly entryKey: EntryKey,
  ) {}

  /** Aborts the request in flight and every later one. */
  abort(reason: Error): void {
    this.aborted ??= reason;
    this.inFlight?.abort(reason);
  }

  /** The entry as the registry of `session` has it; undefined where there is none. */
  async read(session: Session): Promise<RegistryEntry | undefined> {
    const { registry } = this.deps;
    const { entries } = await this.request(
      'Reading',
      (signal) => registry.list(this.entryKey, signal),
      session.writeTimeoutMs,
    );
    return entries[0];
  }

  /**
   * Writes if the entry still has `version`.
   *
   * @param version undefined: only if there is no entry
   */
  async write(session: Session, record: EntryRecord, version: string | undefined): Promise<WriteResult> {
    return await this.request(
      'Writing',
      (signal) => session.write(record, version, signal),
      session.writeTimeoutMs,
    );
  }

  /**
   * Removes the entry if it still has `version`.
   *
   * @param version undefined: any version that `session` owns
   */
  async remove(session: Session, version: string | undefined): Promise<void> {
    await this.request(
      'Removing',
      (signal) => session.remove(this.entryKey, signal, version),
      session.writeTimeoutMs,
    );
  }

  private async request<T>(
    verb: string,
    run: (signal: AbortSignal) => Promise<T>,
    timeoutMs = REQUEST_TIMEOUT_MS,
  ): Promise<T> {
    const { clock, registry } = this.deps;
    if (this.aborted) throw this.aborted;
    // Most entries never have a request again, so the controller is dropped with the request.
    const controller = new AbortController();
    this.inFlight = controller;
    const what = `${verb} the ${entryKeyLabel(this.entryKey)} at ${registry.url}`;
    try {
      return await attempt({ clock, timeoutMs, signal: controller.signal, what }, run);
    } finally {
      if (this.inFlight === controller) this.inFlight = undefined;
    }
  }
}
