import { silentLogger } from '../common/logger.js';
import { type EntryRecord } from '../registry/entry-record.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { computeFirstRecord, ValueUpdater, type ComputeRecord } from './value-updater.js';
import { clockTicker } from './ticker.js';

const INTERVAL_MS = 8_000;
const record = (value: string): EntryRecord => ({ kind: 'key', key: 'k', value });

describe('a computed value', () => {
  let clock: VirtualClock;
  let log: string[];
  let put: EntryRecord[];
  let value: ValueUpdater | undefined;

  beforeEach(() => {
    clock = new VirtualClock();
    log = [];
    put = [];
  });

  afterEach(() => {
    value?.stop();
    expect(clock.pending).toBe(0);
  });

  const logger = {
    ...silentLogger,
    warn: (line: string) => void log.push(`WARN ${line}`),
    error: (line: string, stack?: string) =>
      void log.push(`ERROR ${line}${stack === undefined ? '' : ' + stack'}`),
    log: (line: string) => void log.push(`LOG ${line}`),
  };

  function start(produce: ComputeRecord): ValueUpdater {
    const target = { key: 'k', update: (next: EntryRecord) => void put.push(next), tick: () => undefined };
    value = new ValueUpdater({ clock, logger, ticker: clockTicker(clock) }, target, produce, INTERVAL_MS);
    value.start();
    return value;
  }

  it('is never computed concurrently, and a function that hangs is one warning', async () => {
    let calls = 0;
    const signals: AbortSignal[] = [];
    let finish: (made: EntryRecord) => void = () => undefined;
    start((signal) => {
      calls += 1;
      signals.push(signal);
      if (calls > 1) return record(`v${calls}`);
      return new Promise((resolve) => (finish = resolve));
    });
    await clock.advance(600_000);
    expect(calls).toBe(1);
    expect(signals[0]?.aborted).toBe(true);
    expect(put).toEqual([]);
    expect(log).toEqual([
      expect.stringMatching(
        /^WARN The value function of "k" did not finish within its `updateInterval` of 8 s/,
      ),
    ]);
    finish(record('much too late'));
    await clock.advance(INTERVAL_MS);
    expect(put).toEqual([record('v2')]);
    expect(log.slice(1)).toEqual(['LOG Computing the value of "k" succeeded after 1 failed attempt.']);
  });

  it('is aborted after its interval, and computed again when the function observes its signal', async () => {
    const aborted: number[] = [];
    let running = 0;
    let most = 0;
    start(async (signal) => {
      most = Math.max(most, (running += 1));
      return await new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted.push(clock.now());
          running -= 1;
          reject(signal.reason as Error);
        });
      });
    });
    await clock.advance(2 * INTERVAL_MS + 1);
    expect(aborted).toEqual([2 * INTERVAL_MS]);
    await clock.advance(20 * INTERVAL_MS);
    expect(most).toBe(1);
    expect(aborted.length).toBeGreaterThan(5);
    expect(log).toHaveLength(1);
    value?.stop();
    await clock.advance(0);
    expect(running).toBe(0);
    expect(log).toHaveLength(1);
  });

  it('stays the same while its function throws, which is logged once with the stack', async () => {
    let broken = true;
    start(() => {
      if (broken) throw new Error('no value today');
      return record('v');
    });
    await clock.advance(10 * INTERVAL_MS);
    expect(put).toEqual([]);
    expect(log).toEqual([
      expect.stringMatching(/^ERROR Computing the value of "k" failed.*no value today.*\+ stack$/),
    ]);
    broken = false;
    await clock.advance(INTERVAL_MS);
    expect(put).toEqual([record('v')]);
    expect(log.slice(1)).toEqual(['LOG Computing the value of "k" succeeded after 10 failed attempts.']);
  });

  it('is computed by a new function at once, also when the old one hangs', async () => {
    let signal: AbortSignal | undefined;
    const updater = start((given) => {
      signal = given;
      return new Promise(() => undefined);
    });
    await clock.advance(INTERVAL_MS + 1);
    await updater.replace(() => record('other'));
    expect(signal?.aborted).toBe(true);
    expect(put).toEqual([record('other')]);
    await clock.advance(INTERVAL_MS);
    expect(put).toHaveLength(2);
    expect(log).toEqual([]);
  });

  it('is a warning when the first one is slow, and an error after an interval', async () => {
    let signal: AbortSignal | undefined;
    const hanging: ComputeRecord = (given) => {
      signal = given;
      return new Promise(() => undefined);
    };
    const deps = { clock, logger, signal: new AbortController().signal };
    const failed = expect(computeFirstRecord(deps, 'k', hanging, INTERVAL_MS)).rejects.toThrow(
      /value function of "k" did not finish within its `updateInterval` of 8 s.*raise `updateInterval`/,
    );
    await clock.advance(5_000);
    expect(log).toEqual([expect.stringMatching(/^WARN Waiting for the first value of "k"/)]);
    await clock.advance(3_001);
    await failed;
    expect(signal?.aborted).toBe(true);
  });
});
