import { type RegistrationEvent } from '../registration/registration-status.js';
import { type Logger } from '../common/logger.js';

/** Writes what happens to each entry where operators look. */
export class RegistrationLog {
  private readonly descriptions = new Map<string, string>();
  private readonly registered = new Set<string>();
  /** Entries that an operator was warned of, and that are not registered since. */
  private readonly warned = new Set<string>();

  /** @param registry its URL without secrets */
  constructor(
    private readonly logger: Logger,
    private readonly registry: string,
  ) {}

  /** @param description what is registered under `key`, for the line that reports it */
  describe(key: string, description: string): void {
    this.descriptions.set(key, description);
  }

  forget(key: string): void {
    this.descriptions.delete(key);
    this.registered.delete(key);
    this.warned.delete(key);
  }

  /** Warns that an entry is not registered yet: once, until it is. */
  waiting(key: string, message: string): void {
    if (this.warned.has(key)) return;
    this.warned.add(key);
    this.logger.warn(message);
  }

  log({ type, key, reason }: RegistrationEvent): void {
    switch (type) {
      case 'lost':
        this.logger.warn(`Lost "${key}" (${reason ?? 'unknown'}).`);
        return;
      case 'late':
        this.logger.debug?.(`A renewal of "${key}" failed; trying again.`);
        return;
      case 'restored':
        this.logger.log(`Restored "${key}".`);
        return;
      case 'alive':
        this.alive(key);
        return;
      case 'stopped':
        this.registered.delete(key);
        this.logger.log(`Withdrew "${key}".`);
    }
  }

  private alive(key: string): void {
    if (this.registered.has(key)) {
      this.logger.debug?.(`Renewed "${key}" again.`);
      return;
    }
    this.registered.add(key);
    const line = `Registered ${this.descriptions.get(key) ?? `"${key}"`} in ${this.registry}.`;
    // A reader of warnings alone has to learn that the one before is settled.
    if (this.warned.delete(key)) this.logger.warn(line);
    else this.logger.log(line);
  }
}
