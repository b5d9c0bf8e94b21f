import { type RegistrationState } from '../registration-status.js';
import { type RegistrationOptions } from '../registrar.js';

/**
 * The last known state of each registration, across all workers that reported it. A worker that has just started reports
 * no entry, or one that is `starting`, which does not show who owns the entry in the registry. The worker can die in that
 * moment too.
 */
export class LastStates {
  private readonly states = new Map<string, RegistrationState>();

  report(statuses: readonly { readonly key: string; readonly state: RegistrationState }[]): void {
    for (const { key, state } of statuses) if (state !== 'starting') this.states.set(key, state);
  }

  /** Forgets an entry that is deregistered, or about to be registered for the first time. */
  delete(key: string): void {
    this.states.delete(key);
  }

  /**
   * Returns the options for the next worker, which overwrites an entry that a dead worker owned, and waits for one that
   * another session owned.
   */
  optionsAfterRestart(key: string, options: RegistrationOptions): RegistrationOptions {
    switch (this.states.get(key)) {
      case 'alive':
      case 'late':
        return { ...options, exclusive: false };
      case 'standby':
      case 'lost':
      case 'paused':
        return { ...options, waits: true };
      default:
        return options;
    }
  }
}
