import { type Subscription } from 'rxjs';
import { attempt } from '../../common/async/deadline.js';
import { type Clock } from '../../common/clock.js';
import { type Logger } from '../../common/logger.js';
import { messageOf, stackOf } from '../../common/thrown.js';
import { type Election, type ElectionChange } from '../../election/election.js';
import { runGranted } from './granted-run.js';

/** A method with `@OnElected` or `@OnDeposed`. */
export interface LeadershipListener {
  readonly type: 'elected' | 'deposed';
  readonly election: Election;
  /** Class and method, for messages. */
  readonly where: string;
  readonly call: (...parameters: unknown[]) => unknown;
}

/** Calls the methods with `@OnElected` and `@OnDeposed`. Their errors are logged. */
export class LeadershipListeners {
  private readonly subscriptions: Subscription[] = [];
  /** The methods that run, by the promise of their run. */
  private readonly running = new Map<Promise<void>, string>();

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  start(listeners: readonly LeadershipListener[]): void {
    for (const listener of listeners) {
      const { type, election } = listener;
      this.subscriptions.push(
        election.changes.subscribe((change) => {
          if (change.type === type) this.track(listener, change);
        }),
      );
      // The application may have campaigned while it booted.
      if (type === 'elected' && election.isLeader) this.track(listener, undefined);
    }
  }

  /** Waits up to `graceMs` for the running methods. */
  async settle(graceMs: number): Promise<void> {
    if (this.running.size > 0)
      await attempt({ clock: this.clock, timeoutMs: graceMs, what: 'The listeners' }, () =>
        this.settled(),
      ).catch(() => {
        const names = [...new Set(this.running.values())].join(', ');
        this.logger.warn(
          `Stopping while ${names} still runs, ${graceMs / 1_000} s (\`grace\`) after the shutdown began.`,
        );
      });
  }

  close(): void {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
  }

  private async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running.keys());
  }

  private track(listener: LeadershipListener, change: ElectionChange | undefined): void {
    const running = this.run(listener, change).finally(() => this.running.delete(running));
    this.running.set(running, listener.where);
  }

  private async run(listener: LeadershipListener, change: ElectionChange | undefined): Promise<void> {
    const { type, election, where, call } = listener;
    try {
      if (type === 'deposed') {
        await call(change);
        return;
      }
      const grant = election.begin(where);
      const method = (...args: unknown[]): unknown => call(...args);
      if (grant) await runGranted(grant, { method, instance: undefined, args: [] });
    } catch (error) {
      this.logger.error(`${where} failed: ${messageOf(error)}`, stackOf(error));
    }
  }
}
