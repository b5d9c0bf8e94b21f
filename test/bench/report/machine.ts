import { cpus, loadavg, totalmem, release } from 'node:os';

/** The circumstances of a run. */
export interface Machine {
  /** `2026-11-28`. */
  readonly date: string;
  readonly node: string;
  readonly processors: number;
  readonly model: string;
  readonly memoryGB: number;
  readonly system: string;
  /** Average over one minute at the start. */
  readonly load: number;
  /** Nanoseconds that a read of main memory takes at the start. Others on the same host take part of its memory's speed. */
  readonly memoryReadNs: number;
}

/** All but what takes long to measure. */
export function machine(): Omit<Machine, 'memoryReadNs'> {
  const all = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    processors: all.length,
    model: all[0]?.model.trim() ?? 'unknown',
    memoryGB: Math.round(totalmem() / 1e9),
    system: `${process.platform} ${release().split('-', 1)[0]}`,
    load: loadavg()[0] ?? 0,
  };
}

/** Other work takes a considerable share of the processors. */
export function isBusy({ load, processors }: Pick<Machine, 'load' | 'processors'>): boolean {
  return load > processors * 0.25;
}
