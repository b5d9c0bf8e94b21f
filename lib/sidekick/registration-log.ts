import { type RegistrationEvent } from '../registration/registration-status.js';
import { type LostReason } from '../registration/registration-machine.js';
import { type NotReady } from './readiness.js';
import { type LogFields, type Logger } from '../common/logger.js';

/** Why an entry was lost, and what happens next. */
const LOST: Readonly<Record<LostReason, string>> = Object.freeze({
  expired:
    'no renewal was acknowledged for a whole TTL. It is registered again as soon as the registry answers.',
  revoked: 'the registry ended its session. Registering it again.',
  deleted: 'another client deleted it. Registering it again.',
  overwritten: 'another client overwrote it. Registering it again.',
  'taken-over': 'a newer registration owns it. It is registered again when that one ends.',
});

/** Logs the events of all registrations. */
export class RegistrationLog {
  private readonly descriptions = new Map<string, string>();
  private readonly registered = new Set<string>();
  /** Keys whose entry may be absent from the registry, or owned by another session. */
  private readonly unsure = new Set<string>();
  /** Keys with a warning whose entry is not registered yet. */
  private readonly warned = new Set<string>();

  /** @param registry URL of the registry, without secrets */
  constructor(
    private readonly logger: Logger,
    private readonly registry: string,
  ) {}

  /** @param description what `key` stands for, used by the line that reports its registration */
  describe(key: string, description: string): void {
    this.descriptions.set(key, description);
  }

  /** Drops the state of an entry that is deregistered for good. */
  forget(key: string): void {
    this.descriptions.delete(key);
    this.registered.delete(key);
    this.unsure.delete(key);
    this.warned.delete(key);
  }

  /** Warns once that an entry is not registered yet, until it is. */
  waiting(key: string, message: string): void {
    if (this.warned.has(key)) return;
    this.warned.add(key);
    this.logger.warn(message, { event: 'waiting', key, registry: this.registry });
  }

  /** Logs that an entry waits for the end of a pause. */
  paused(key: string): void {
    const what = this.descriptions.get(key) ?? `"${key}"`;
    this.logger.log(
      `Not registering ${what} yet: Sidekick.pause() is in force. Sidekick.resume() registers it.`,
      {
        event: 'paused',
        key,
        registry: this.registry,
      },
    );
  }

  /** Warns that an instance is not ready, and so not registered. The line of its registration is a warning too. */
  notReady(key: string, { reason, stack }: NotReady, intervalSeconds: number): void {
    this.warned.add(key);
    const what = this.registered.has(key) ? 'Deregistering' : 'Not registering';
    const message = `${what} ${this.descriptions.get(key) ?? `"${key}"`}: ${reason}. \`ready\` is called again every ${intervalSeconds} s, and true registers the instance.`;
    this.logger.warn(stack === undefined ? message : `${message}\n${stack}`, {
      event: 'not-ready',
      key,
      registry: this.registry,
      reason,
    });
  }

  /** Logs one event. */
  log({ type, key, reason }: RegistrationEvent): void {
    const fields = { event: type, key, registry: this.registry, reason };
    switch (type) {
      case 'lost':
        this.unsure.add(key);
        this.logger.warn(
          `Lost "${key}"${reason === undefined ? '.' : ` (${reason}): ${LOST[reason]}`}`,
          fields,
        );
        return;
      case 'late':
        this.unsure.add(key);
        this.logger.debug?.(`A renewal of "${key}" failed; retrying.`, fields);
        return;
      case 'restored':
        this.unsure.delete(key);
        this.logger.log(`Restored "${key}".`, fields);
        return;
      case 'alive':
        this.unsure.delete(key);
        this.alive(key, fields);
        return;
      case 'stopped':
        this.stopped(key, fields);
    }
  }

  private stopped(key: string, fields: LogFields): void {
    const wasRegistered = this.registered.delete(key);
    // The registry may not have received the deregistration, so the line does not claim it.
    if (wasRegistered && !this.unsure.delete(key)) this.logger.log(`Deregistered "${key}".`, fields);
    else if (wasRegistered) this.logger.log(`Stopped registering "${key}".`, fields);
    else this.logger.log(`Stopped registering "${key}", which this process never registered.`, fields);
  }

  private alive(key: string, fields: LogFields): void {
    if (this.registered.has(key)) {
      this.logger.debug?.(`Renewed "${key}" again.`, fields);
      return;
    }
    this.registered.add(key);
    const line = `Registered ${this.descriptions.get(key) ?? `"${key}"`} in ${this.registry}.`;
    // After a warning this line is a warning too, so that a log of warnings shows the recovery.
    if (this.warned.delete(key)) this.logger.warn(line, fields);
    else this.logger.log(line, fields);
  }
}
