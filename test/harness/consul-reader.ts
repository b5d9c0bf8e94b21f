import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ConsulAgent } from './consul.js';

/** One read of a service's health: what it says was true at some moment between `began` and `ended`. */
export type HealthReading = {
  /** Milliseconds of `monotonic()`. */
  readonly began: number;
  readonly ended: number;
} & (
  | {
      readonly kind: 'read';
      readonly revision: number;
      readonly instances: readonly { readonly id: string; readonly passing: boolean }[];
    }
  | { readonly kind: 'failed' }
);

/** A process of its own that reads the health of one service of a Consul agent, every 50 ms. */
export class ConsulReader {
  readonly readings: HealthReading[] = [];
  private readonly ended: Promise<void>;

  private constructor(private readonly child: ChildProcess) {
    if (child.stdout)
      createInterface(child.stdout).on('line', (line) =>
        this.readings.push(JSON.parse(line) as HealthReading),
      );
    this.ended = new Promise((resolve) => {
      child.once('close', () => resolve());
    });
  }

  static start(consul: ConsulAgent, service: string): ConsulReader {
    const program = fileURLToPath(new URL('consul-reader-process.mjs', import.meta.url));
    const settings = JSON.stringify({ url: consul.url, service, every: 50, timeout: 1_000 });
    return new ConsulReader(
      spawn(process.execPath, [program, settings], { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
  }

  /** Ends the process after its last read, and resolves with everything it saw. */
  async stop(): Promise<readonly HealthReading[]> {
    this.child.stdin?.end();
    await this.ended;
    return this.readings;
  }
}
