/** Applications that are started and stopped while their keys are kept, changed, paused and stopped at random. */
import 'reflect-metadata';
import { type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Sidekick, SidekickModule } from '../../../lib/index.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { type Random } from '../../../lib/common/random.js';
import { type RegisteredKey } from '../../../lib/sidekick/registered-entry.js';
import { httpJson } from '../../harness/http.js';
import { serve, settings } from '../../harness/worker-side.js';
import { monotonic, sleep } from '../../harness/wait.js';
import { between, pickOne, seededRandom } from '../random.js';

export interface RaceSettings {
  readonly registry: string;
  /** Where the keys are looked at, past the library. */
  readonly url: string;
  /** The first round's number, and how many there are. */
  readonly from: number;
  readonly rounds: number;
  readonly seed: number;
}

/** The failures of one round, with its actions. */
export interface RaceFault {
  readonly round: number;
  readonly text: string;
  readonly steps: readonly string[];
}

/** What a process saw, and the calls that its registry did not answer in time. */
export interface RaceOutcome {
  readonly faults: readonly RaceFault[];
  readonly late: number;
}

const { registry, url, from, rounds, seed } = settings() as RaceSettings;

let late = 0;

/** Rounds that are played at the same time. */
const AT_ONCE = 6;

/**
 * Milliseconds: the longest pause between two steps, within which what should be there comes, and a close takes. How long a
 * close may take on an idle machine is asserted by `clean-stop`.
 */
const PAUSE = 40;
const ARRIVES = 30_000;
const CLOSE = 30_000;

/** One key of a round, as it should be. */
class EntryKey {
  kept = false;
  paused = false;
  value = '';
  /** Something was done to it at a moment that leaves open which of the two came first. */
  open = false;
  handle: RegisteredKey | undefined;
  /** Calls for one key are made in their order, each when the one before was made, not when it was answered. */
  turn: Promise<unknown> = Promise.resolve();

  constructor(readonly key: string) {}
}

class Round {
  readonly steps: string[] = [];
  readonly faults: RaceFault[] = [];
  private readonly random: Random;
  private readonly entryKeys: readonly EntryKey[];
  private readonly calls: Promise<unknown>[] = [];
  private closing: Promise<void> | undefined;
  private values = 0;
  /** Whether everything is paused. What is kept meanwhile waits for the end of it. */
  private paused = false;

  constructor(
    private readonly number: number,
    private readonly app: INestApplicationContext,
  ) {
    this.random = seededRandom(seed + number);
    this.entryKeys = ['a', 'b', 'c'].map((name) => new EntryKey(`/race/${number}/${name}`));
  }

  async play(): Promise<void> {
    await this.some(between(this.random, 5, 15));
    await this.settle();
    await this.arrived();
    const last = between(this.random, 1, 10);
    await this.some(between(this.random, 0, 10));
    void this.close();
    // Workers that have not received the end run a little longer.
    await this.some(last);
    await this.close();
    await this.settle();
  }

  private async some(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.step();
      if (this.random() < 0.7) await sleep(between(this.random, 0, PAUSE));
    }
  }

  private step(): void {
    const sidekick = this.app.get(Sidekick);
    const entryKey = pickOne(this.random, this.entryKeys);
    const kind = pickOne(this.random, [
      'keep',
      'keep',
      'value',
      'value',
      'pause',
      'resume',
      'stop',
      'all',
      'ttl',
    ] as const);
    this.steps.push(`${kind} ${entryKey.key}`);
    switch (kind) {
      case 'keep':
        return this.keep(entryKey, sidekick);
      case 'value':
        return this.onKey(entryKey, async (handle) => {
          entryKey.value = `v${++this.values}`;
          await handle.value(entryKey.value);
        });
      case 'pause':
        return this.onKey(entryKey, async (handle) => {
          entryKey.paused = true;
          await handle.pause();
        });
      case 'resume':
        return this.onKey(entryKey, (handle) => {
          entryKey.paused = false;
          handle.resume();
        });
      case 'stop':
        return this.onKey(entryKey, async (handle) => {
          entryKey.kept = false;
          entryKey.handle = undefined;
          await handle.stop();
        });
      case 'all':
        return this.all(sidekick, this.random() < 0.5);
      case 'ttl':
        this.call(sidekick.ttl(between(this.random, 2, 4)), this.entryKeys);
    }
  }

  private keep(entryKey: EntryKey, sidekick: Sidekick): void {
    entryKey.turn = entryKey.turn.then(async () => {
      if (entryKey.kept) return;
      const { paused } = this;
      Object.assign(entryKey, { kept: true, paused, open: false, value: `v${++this.values}` });
      const keeping = sidekick.keep(entryKey.key, entryKey.value, { ttl: between(this.random, 2, 4) });
      this.call(keeping, [entryKey]);
      entryKey.handle = await keeping.catch(() => undefined);
    });
  }

  private onKey(entryKey: EntryKey, run: (handle: RegisteredKey) => Promise<void> | void): void {
    entryKey.turn = entryKey.turn.then(() => {
      if (!entryKey.kept || !entryKey.handle) return;
      this.call((async (handle: RegisteredKey) => await run(handle))(entryKey.handle), [entryKey]);
    });
  }

  /** Pauses or resumes everything. */
  private all(sidekick: Sidekick, paused: boolean): void {
    this.paused = paused;
    for (const entryKey of this.entryKeys) {
      if (entryKey.handle) entryKey.paused = paused;
      // It is being kept just now: before or after?
      else if (entryKey.kept) entryKey.open = true;
    }
    if (paused) this.call(sidekick.pause(), this.entryKeys);
    else sidekick.resume();
  }

  /** @param affected what is open once the registry has not answered the call in time: the machine is slow */
  private call(call: Promise<unknown>, affected: readonly EntryKey[]): void {
    this.calls.push(
      call.catch((error: unknown) => {
        if (isLate(error)) {
          late += 1;
          for (const entryKey of affected) entryKey.open = true;
          return;
        }
        this.fault(`Expected every call to succeed, got ${String(error)}.`);
      }),
    );
  }

  private async settle(): Promise<void> {
    await Promise.all(this.entryKeys.map(async ({ turn }) => await turn));
    await Promise.all(this.calls.splice(0));
  }

  /** Checks that the expected entries exist, and no other. */
  private async arrived(): Promise<void> {
    const expected = new Map(
      this.entryKeys.flatMap(({ key, kept, paused, value }) =>
        kept && !paused ? [[key, value] as const] : [],
      ),
    );
    const undecided = new Set(this.entryKeys.filter(({ open }) => open).map(({ key }) => key));
    const until = monotonic() + ARRIVES;
    for (;;) {
      const found = await this.found();
      const wrong = this.entryKeys.find(
        ({ key }) => !undecided.has(key) && found.get(key) !== expected.get(key),
      );
      if (!wrong) return;
      if (monotonic() > until) {
        const want = expected.get(wrong.key) ?? 'nothing';
        this.fault(`Expected ${want} under ${wrong.key}, found ${found.get(wrong.key) ?? 'nothing'}.`);
        return;
      }
      await sleep(100);
    }
  }

  private close(): Promise<void> {
    return (this.closing ??= this.end());
  }

  private async end(): Promise<void> {
    this.steps.push('close');
    const began = monotonic();
    await this.app.close();
    const took = monotonic() - began;
    if (took > CLOSE) this.fault(`Expected it to close within ${CLOSE} ms, it took ${Math.round(took)} ms.`);
    const left = await this.found();
    if (left.size > 0) this.fault(`Expected nothing to be left, found ${[...left.keys()].join(', ')}.`);
  }

  private async found(): Promise<Map<string, string>> {
    const prefix = `/race/${this.number}/`;
    const { kvs = [] } = await httpJson<{ kvs?: { key: string; value?: string }[] }>(`${url}/v3/kv/range`, {
      method: 'POST',
      body: { key: base64(prefix), range_end: base64(`/race/${this.number}0`) },
      timeout: 10_000,
    });
    return new Map(kvs.map(({ key, value = '' }) => [text(key), text(value)]));
  }

  private fault(what: string): void {
    this.faults.push({ round: this.number, text: what, steps: [...this.steps] });
  }
}

const base64 = (plain: string): string => Buffer.from(plain).toString('base64');
const text = (encoded: string): string => Buffer.from(encoded, 'base64').toString();

function isLate(error: unknown): boolean {
  const { code } = error as { readonly code?: string };
  return code === 'SIDEKICK_REGISTRY_UNAVAILABLE' || code === 'SIDEKICK_DEADLINE_EXCEEDED';
}

async function playRound(number: number): Promise<readonly RaceFault[]> {
  const root = SidekickModule.forRoot({ registry, updateInterval: 1, logger: silentLogger });
  const app = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
  const round = new Round(number, app);
  await round.play();
  return round.faults;
}

async function play(): Promise<RaceOutcome> {
  const faults: RaceFault[] = [];
  for (const kind of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(kind, (error: unknown) => {
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      faults.push({
        round: -1,
        text: `Expected every error to be caught, got the uncaught ${what}`,
        steps: [],
      });
    });
  let next = from;
  const lane = async (): Promise<void> => {
    while (next < from + rounds) faults.push(...(await playRound(next++)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return { faults, late };
}

serve({ play });
