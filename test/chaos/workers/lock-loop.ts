import { type ElectionClient } from '../../../lib/election/election-client.js';
import { type LockRun } from '../../../lib/election/locks.js';
import { sleep } from '../../harness/wait.js';

/** Milliseconds between two attempts to take the lock. */
const RETRY_MS = 50;
/** The longest job, in TTLs: longer than a session lives that is not renewed. */
const LONGEST_JOB = 2.5;
/** `lockAtMostFor`, in TTLs: mostly above the longest job, at times below it. */
const AT_MOST: readonly number[] = [4, 4, 1];

/** Takes a lock again and again, each time for a job of random length. */
export class LockLoop {
  private run: LockRun | undefined;
  private going = false;

  constructor(
    private readonly client: ElectionClient,
    private readonly name: string,
    private readonly ttlMs: number,
    /** Whether every job is the longest, so that one outlives the session of a process that is cut off. */
    private readonly longest: boolean,
  ) {}

  /** The term of the run in progress, as long as it holds the lock. */
  get term(): string | undefined {
    return this.run?.isHeld === true ? this.run.term : undefined;
  }

  start(): void {
    if (this.going) return;
    this.going = true;
    void this.loop();
  }

  /** Ends the run in progress, and takes the lock no more. */
  stop(): void {
    this.going = false;
    this.end();
  }

  private async loop(): Promise<void> {
    const { client, name, ttlMs, longest } = this;
    while (this.going) {
      const atMost = AT_MOST[longest ? 0 : Math.floor(Math.random() * AT_MOST.length)] ?? 0;
      const acquired = await client.locks.acquire(name, { lockAtMostForMs: atMost * ttlMs });
      if (acquired.granted) {
        this.run = acquired.run;
        await sleep((longest ? 1 : Math.random()) * LONGEST_JOB * ttlMs);
        if (this.run === acquired.run) this.end();
      }
      await sleep(RETRY_MS);
    }
    this.end();
  }

  private end(): void {
    const { run } = this;
    // No longer held from before the record is removed.
    this.run = undefined;
    run?.end();
  }
}
