/** Intervals of the window. */
const INTERVALS = 12;

/** Time between two samples. The window is the last minute. */
export const SAMPLE_INTERVAL_MS = 5_000;

/** Counters of an endpoint, which only grow. */
export interface CallCounters {
  readonly calls: number;
  readonly failures: number;
  /** Sum of the durations of the calls that have ended. */
  readonly totalMs: number;
}

/** The counters of each endpoint by its id, of each service by its name. */
export type CallSample = ReadonlyMap<string, ReadonlyMap<string, CallCounters>>;

const NO_CALLS: CallCounters = Object.freeze({ calls: 0, failures: 0, totalMs: 0 });

/** Returns the counters of endpoints by their ids. */
export function countersOf(
  endpoints: readonly (CallCounters & { readonly id: string })[],
): ReadonlyMap<string, CallCounters> {
  return new Map(endpoints.map(({ id, calls, failures, totalMs }) => [id, { calls, failures, totalMs }]));
}

/** The calls of each endpoint over the last minute, from samples of their counters. */
export class CallWindow {
  /** Oldest first. */
  private samples: readonly CallSample[] = [];

  /** Adds a sample, taken {@link SAMPLE_INTERVAL_MS} after the last one. */
  add(sample: CallSample): void {
    this.samples = [...this.samples, sample].slice(-INTERVALS);
  }

  /** The calls of an endpoint since the oldest sample. Counters that restarted count from 0. */
  since(service: string, id: string, now: CallCounters): CallCounters {
    return difference(now, this.samples[0]?.get(service)?.get(id) ?? NO_CALLS);
  }

  /** The calls of a service in each interval, oldest first. */
  history(service: string, now: ReadonlyMap<string, CallCounters>): readonly number[] {
    const samples = [...this.samples.map((sample) => sample.get(service)), now];
    return samples.slice(1).map((sample, index) => {
      let calls = 0;
      for (const [id, counters] of sample ?? [])
        calls += difference(counters, samples[index]?.get(id) ?? NO_CALLS).calls;
      return calls;
    });
  }
}

function difference(now: CallCounters, before: CallCounters): CallCounters {
  if (before.calls > now.calls) return now;
  return {
    calls: now.calls - before.calls,
    failures: now.failures - before.failures,
    totalMs: now.totalMs - before.totalMs,
  };
}
