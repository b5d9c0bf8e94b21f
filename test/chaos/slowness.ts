import { Worker } from 'node:worker_threads';

/** Milliseconds between two probes. */
const PROBE_INTERVAL_MS = 250;

/** Milliseconds that a probe takes on the machine that the limits of the scenarios were measured on, with nothing beside it. */
const REFERENCE_MS = 5;

/** Beyond it a figure says nothing any more. */
const MOST = 10;

/** Up to here a machine is not slow: the limits leave room for scenarios that are played at the same time. */
const TOLERATED = 2;

/** Computes for a while, again and again, in a thread of its own, so that only other work of the machine delays it. */
const PROBE = `
  const { parentPort, workerData: { intervalMs } } = require('node:worker_threads');
  let value = 1;
  const probe = (due) => {
    for (let i = 0; i < 2e6; i++) value = (Math.imul(value, 1103515245) + 12345) | 0;
    const now = performance.now();
    parentPort.postMessage(now - due);
    setTimeout(probe, intervalMs, now + intervalMs);
  };
  probe(performance.now());
`;

/**
 * How much slower the machine is than an idle one while a scenario plays. The figures that a scenario checks are those of an
 * idle machine; on one that is slow they are checked times this factor, which the report of the scenario names.
 */
export class Slowness {
  private readonly probes: number[] = [];
  private readonly thread: Worker;

  constructor() {
    this.thread = new Worker(PROBE, { eval: true, workerData: { intervalMs: PROBE_INTERVAL_MS } });
    this.thread.on('message', (ms: number) => this.probes.push(ms));
    this.thread.unref();
  }

  /** At least 1. */
  get factor(): number {
    return factorOf(this.probes);
  }

  async stop(): Promise<void> {
    await this.thread.terminate();
  }
}

/** The factor by these probes, in milliseconds: nine of ten take no longer. At most {@link MOST}. */
export function factorOf(probes: readonly number[]): number {
  const sorted = [...probes].sort((a, b) => a - b);
  const factor = (sorted[Math.floor(0.9 * sorted.length)] ?? REFERENCE_MS) / REFERENCE_MS;
  return factor > TOLERATED ? Math.min(factor, MOST) : 1;
}
