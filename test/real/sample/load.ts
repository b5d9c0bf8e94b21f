import { sleep } from '../../harness/wait.js';

/** Milliseconds between two requests of one caller. */
const PAUSE = 10;

/** Callers that never stop calling, and what became of it. */
export class Load {
  requests = 0;
  readonly failures: string[] = [];
  private over = false;
  private readonly callers: Promise<void>[];

  constructor(
    private readonly call: () => Promise<unknown>,
    callers = 4,
  ) {
    this.callers = Array.from({ length: callers }, () => this.run());
  }

  /** Resolves when every caller has had its last answer. */
  async stop(): Promise<this> {
    this.over = true;
    await Promise.all(this.callers);
    return this;
  }

  private async run(): Promise<void> {
    while (!this.over) {
      this.requests += 1;
      try {
        await this.call();
      } catch (error) {
        this.failures.push(String(error));
      }
      await sleep(PAUSE);
    }
  }
}
