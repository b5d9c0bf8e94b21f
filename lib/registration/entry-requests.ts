import { attempt } from '../common/async/deadline.js';
import { type EntryRecord, type EntryKey, entryKeyLabel } from '../registry/entry-record.js';
import { type RegistryEntry, type Session, type WriteResult } from '../registry/registry.js';
import { type HeartbeatDeps } from './session-runner.js';

/** Milliseconds one read or write of an entry may take. */
const REQUEST_TIMEOUT_MS = 2_000;

/** What is asked of a registry about one entry key, each in its time. */
export class EntryRequests {
  /** @param signal ends whatever is going on */
  constructor(
    private readonly deps: HeartbeatDeps,
    private readonly entryKey: EntryKey,
    private readonly signal: AbortSignal,
  ) {}

  async read(): Promise<RegistryEntry | undefined> {
    const { registry } = this.deps;
    const { entries } = await this.request('Reading', (signal) => registry.list(this.entryKey, signal));
    return entries[0];
  }

  /** @param version what has to stand there; undefined: nothing */
  async write(session: Session, record: EntryRecord, version: string | undefined): Promise<WriteResult> {
    return await this.request('Writing', (signal) => session.write(record, version, signal));
  }

  /** @param version what has to stand there; undefined: whatever is of `session` */
  async remove(session: Session, version: string | undefined): Promise<void> {
    await this.request('Removing', (signal) => session.remove(this.entryKey, signal, version));
  }

  private async request<T>(doing: string, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, registry } = this.deps;
    const what = `${doing} the ${entryKeyLabel(this.entryKey)} at ${registry.url}`;
    return await attempt({ clock, timeoutMs: REQUEST_TIMEOUT_MS, signal: this.signal, what }, run);
  }
}
