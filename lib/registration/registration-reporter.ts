import { type Deferred, deferred } from '../common/async/deferred.js';
import { type RegistrationEvent } from './registration-status.js';
import { type RegistrationSignal } from './registration-machine.js';
import { type SessionSignal } from './session-machine.js';

/** Reports what happens to one hold: as events, and by its first write. */
export class RegistrationReporter {
  private readonly firstWrite: Deferred<void> = deferred();
  private missed = false;

  constructor(
    private readonly key: string,
    private readonly onEvent: (event: RegistrationEvent) => void,
  ) {}

  /** Settles with the first write; see `Registration.first`. */
  get first(): Promise<void> {
    return this.firstWrite.promise;
  }

  /** Whether the last renewal failed. */
  get late(): boolean {
    return this.missed;
  }

  resolveFirst(): void {
    this.firstWrite.resolve();
  }

  rejectFirst(error: Error): void {
    this.firstWrite.reject(error);
  }

  /** @param held whether the entry is held */
  renewed(signal: SessionSignal, held: boolean): void {
    const { missed, key } = this;
    this.missed = signal === 'late';
    if (!held) return;
    if (signal === 'acknowledged' && missed) this.onEvent({ type: 'alive', key });
    if (signal === 'late' && !missed) this.onEvent({ type: 'late', key });
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
        // An entry that waits for its entry key has begun as it should.
        if (signal.reason === 'taken-over') this.resolveFirst();
        this.onEvent({ type: 'lost', key, reason: signal.reason });
        return;
      case 'withdrawn':
        this.onEvent({ type: 'stopped', key });
    }
  }
}
