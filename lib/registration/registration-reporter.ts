import { type Deferred, deferred } from '../common/async/deferred.js';
import { type EntryKey, entryKeyLabel } from '../registry/entry-record.js';
import { publishHeartbeat } from './heartbeat-diagnostics.js';
import { type RegistrationEvent } from './registration-status.js';
import { type RegistrationSignal } from './registration-machine.js';
import { type SessionSignal } from './session-machine.js';

/** Dependencies of {@link RegistrationReporter}. */
export interface ReporterDeps {
  readonly onEvent: (event: RegistrationEvent) => void;
  /** Nest's `applicationId`, for diagnostics. */
  readonly applicationId?: string | undefined;
}

/** Reports the events of one registration, and settles the promise of its first write. */
export class RegistrationReporter {
  /** Undefined once the first attempt to write has succeeded. */
  private firstWrite: Deferred<void> | undefined = deferred();
  private firstFailed = false;
  private lastFailed = false;

  constructor(
    private readonly key: string,
    private readonly entryKey: EntryKey,
    private readonly deps: ReporterDeps,
  ) {}

  /** Settles with the first write. */
  get first(): Promise<void> {
    return this.firstWrite?.promise ?? Promise.resolve();
  }

  /** Whether the last renewal failed. */
  get late(): boolean {
    return this.lastFailed;
  }

  resolveFirst(): void {
    this.firstWrite?.resolve();
    if (!this.firstFailed) this.firstWrite = undefined;
  }

  rejectFirst(error: Error): void {
    this.firstFailed = this.firstWrite !== undefined;
    this.firstWrite?.reject(error);
  }

  /** @param registered whether the entry is in the registry and owned by this registration */
  renewed(signal: SessionSignal, registered: boolean): void {
    const { lastFailed, key, entryKey } = this;
    const { onEvent, applicationId } = this.deps;
    this.lastFailed = signal === 'late';
    if (!registered) return;
    if (signal === 'acknowledged') publishHeartbeat('heartbeatRenewed', applicationId, entryKey);
    if (signal === 'acknowledged' && lastFailed) onEvent({ type: 'alive', key });
    if (signal === 'late' && !lastFailed) onEvent({ type: 'late', key });
  }

  report(signal: RegistrationSignal): void {
    const { key, entryKey } = this;
    const { onEvent, applicationId } = this.deps;
    switch (signal.kind) {
      case 'alive':
      case 'restored':
        this.resolveFirst();
        if (signal.kind === 'restored') publishHeartbeat('heartbeatRestored', applicationId, entryKey);
        onEvent({ type: signal.kind, key });
        return;
      case 'lost':
        // Standby is a valid outcome of the start.
        if (signal.reason === 'taken-over') this.resolveFirst();
        publishHeartbeat('heartbeatLost', applicationId, entryKey, signal.reason);
        onEvent({ type: 'lost', key, reason: signal.reason });
        return;
      case 'deregistered':
        onEvent({ type: 'stopped', key });
    }
  }
}

/** The reason of a registration that ends before its first write. */
export function deregisteredEarly(entryKey: EntryKey): DOMException {
  return new DOMException(
    `The ${entryKeyLabel(entryKey)} was deregistered before its first write`,
    'AbortError',
  );
}
