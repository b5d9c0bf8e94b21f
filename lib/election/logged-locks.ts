import { type Logger } from '../common/logger.js';
import { UNNAMED_JOB } from './job-labels.js';
import { LockLostError } from './lock-lost.error.js';
import { type Acquired, type AcquireOptions, type LockRun, type Locks } from './locks.js';

/** Warns of each run that loses its lock while its job runs: another run of the same name may start. */
export class LoggedLocks implements Locks {
  constructor(
    private readonly inner: Locks,
    private readonly logger: Logger,
  ) {}

  observe(name: string): void {
    this.inner.observe(name);
  }

  async acquire(name: string, options: AcquireOptions): Promise<Acquired> {
    const acquired = await this.inner.acquire(name, options);
    if (acquired.granted) this.follow(acquired.run, options.label ?? UNNAMED_JOB);
    return acquired;
  }

  /** The signal of a run that has ended is not aborted. */
  private follow({ signal, name, term }: LockRun, label: string): void {
    const warn = (): void => {
      const lost: unknown = signal.reason;
      if (!(lost instanceof LockLostError) || lost.reason === 'shutdown') return;
      const more = lost.reason === 'lock-at-most-for' ? ', or raise `lockAtMostFor`' : '';
      this.logger.warn(
        `${lost.message} The signal of ${label} (term ${term}) is aborted: let the job end then${more}.`,
        { event: 'lock-lost', lock: name, term, reason: lost.reason },
      );
    };
    if (signal.aborted) warn();
    else signal.addEventListener('abort', warn, { once: true });
  }
}
