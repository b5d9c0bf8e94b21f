import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type EtcdCluster } from './etcd.js';

/** One linearizable read: what it says was true at some moment between `began` and `ended`. */
export type Reading = {
  /** Milliseconds of {@link monotonic}. */
  readonly began: number;
  readonly ended: number;
  readonly url: string;
} & (
  | {
      readonly kind: 'present';
      readonly revision: number;
      /** The key's own modification revision. */
      readonly version: number;
      /** In hexadecimal; `0` without a lease. */
      readonly lease: string;
      readonly value: string;
    }
  | { readonly kind: 'absent'; readonly revision: number }
  | { readonly kind: 'failed'; readonly reason: string }
);

export interface KeyReaderOptions {
  /** Milliseconds between two reads; 50 by default. */
  readonly every?: number;
  /** Milliseconds after which one read is given up; 1,000 by default. */
  readonly timeout?: number;
}

/** A process of its own that reads one key of an etcd all the time, from every member in turn. */
export class KeyReader {
  readonly readings: Reading[] = [];
  private readonly ended: Promise<void>;

  private constructor(private readonly child: ChildProcess) {
    if (child.stdout)
      createInterface(child.stdout).on('line', (line) => this.readings.push(JSON.parse(line) as Reading));
    this.ended = new Promise((resolve) => {
      child.once('close', () => resolve());
    });
  }

  static start(etcd: EtcdCluster, key: string, options: KeyReaderOptions = {}): KeyReader {
    const { every = 50, timeout = 1_000 } = options;
    const program = fileURLToPath(new URL('reader-process.mjs', import.meta.url));
    const settings = JSON.stringify({ urls: etcd.urls, key, every, timeout });
    return new KeyReader(
      spawn(process.execPath, [program, settings], { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
  }

  /** The reads that were answered, in the order they were begun. */
  answered(): Exclude<Reading, { kind: 'failed' }>[] {
    return this.readings.filter((reading) => reading.kind !== 'failed').sort((a, b) => a.began - b.began);
  }

  /** The reads that found the key gone. */
  absences(): Extract<Reading, { kind: 'absent' }>[] {
    return this.readings.filter((reading) => reading.kind === 'absent');
  }

  /** Ends the process after its last read, and resolves with everything it saw. */
  async stop(): Promise<readonly Reading[]> {
    this.child.stdin?.end();
    await this.ended;
    return this.readings;
  }
}
