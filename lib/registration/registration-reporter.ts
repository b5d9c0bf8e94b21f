import { type Deferred, deferred } from '../common/async/deferred.js';
import { type EntryKey, entryKeyLabel } from '../registry/entry-record.js';
import { type RegistrationEvent } from './registration-status.js';
import { type RegistrationSignal } from './registration-machine.js';
import { type SessionSignal } from './session-machine.js';

/** Reports the events of one registration, and settles the promise of its first write. */
export class RegistrationReporter {
  /** Undefined once the first attempt to write has succeeded. */
  private firstWrite: Deferred<void> | undefined = deferred();
  private firstFailed = false;
  private lastFailed = false;

  constructor(
    private readonly key: string,
    private readonly onEvent: (event: RegistrationEvent) => void,
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
    const { lastFailed, key } = this;
    this.lastFailed = signal === 'late';
    if (!registered) return;
    if (signal === 'acknowledged' && lastFailed) this.onEvent({ type: 'alive', key });
    if (signal === 'late' && !lastFailed) this.onEvent({ type: 'late', key });
  }

  report(signal: RegistrationSignal): void {
    const { key } = this;
    switch (signal.kind) {
      case 'alive':
      case 'restored':
        this.resolveFirst();
        this.onEvent({ type: signal.kind, key });
        return;
      case 'lost':
        // Standby is a valid outcome of the start.
        if (signal.reason === 'taken-over') this.resolveFirst();
        this.onEvent({ type: 'lost', key, reason: signal.reason });
        return;
      case 'deregistered':
        this.onEvent({ type: 'stopped', key });
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
