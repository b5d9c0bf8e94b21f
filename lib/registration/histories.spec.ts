import fc from 'fast-check';
import { silentLogger } from '../common/logger.js';
import { type EntryRecord, type KeyRecord, type EntryKey } from '../registry/entry-record.js';
import { memory, type MemorySource } from '../registries/memory/memory.js';
import { type Fault, FaultyRegistry, type RequestKind } from '../testing/faulty-registry.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { LocalRegistrar } from './local-registrar.js';
import { clockTicker } from './ticker.js';

const KEY = 'k';
const SLOT: EntryKey = { kind: 'key', key: KEY };
const UPDATE_INTERVAL = 3;
const TTLS = [3, 5, 8] as const;
/** Milliseconds after which everything must be as it should be: the longest TTL, the backoff, an update tick. */
const QUIET_MS = 25_000;

type Step =
  | { readonly kind: 'keep' | 'ttl'; readonly who: number; readonly ttl: number }
  | { readonly kind: 'stop' | 'pause' | 'resume' | 'value' | 'heal'; readonly who: number }
  | {
      readonly kind: 'fault';
      readonly who: number;
      readonly fault: Fault;
      readonly on: RequestKind | undefined;
    }
  | { readonly kind: 'slow'; readonly who: number; readonly ms: number }
  | { readonly kind: 'delete' | 'overwrite' | 'revoke' }
  | { readonly kind: 'wait'; readonly ms: number };

const who = fc.nat(2);
const ttl = fc.constantFrom(...TTLS);
const requests: readonly (RequestKind | undefined)[] = [
  undefined,
  'open',
  'renew',
  'write',
  'remove',
  'list',
  'watch',
];
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('keep' as const), who, ttl }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('ttl' as const), who, ttl }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('stop', 'pause', 'resume', 'resume', 'value', 'heal'),
      who,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      who,
      fault: fc.constantFrom<Fault>('down', 'hang', 'swallow'),
      on: fc.constantFrom(...requests),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('slow' as const), who, ms: fc.integer({ min: 0, max: 400 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('delete', 'overwrite', 'revoke') }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(0, 1, 10, 100, 600, 2_500, 9_000),
    }),
  },
);

/** One process that keeps the key, and what the test has asked of it. */
class Registrar {
  id: string | undefined;
  wanted = false;
  value = '';
  private values = 0;
  private readonly pending = new Set<Promise<unknown>>();

  constructor(
    private readonly name: string,
    readonly keeper: LocalRegistrar,
    readonly registry: FaultyRegistry,
  ) {}

  get state(): string | undefined {
    return this.keeper.statuses[0]?.state;
  }

  perform(step: Step): void {
    const { keeper, registry, id } = this;
    switch (step.kind) {
      case 'keep':
        if (id !== undefined) return;
        this.id = '';
        this.wanted = true;
        this.next();
        this.track(this.keep(step.ttl));
        return;
      case 'fault':
        registry.fail(step.fault, step.on);
        return;
      case 'slow':
        registry.slow(step.ms);
        return;
      case 'heal':
        registry.heal();
        registry.slow(0);
    }
    // What is not kept yet cannot be changed.
    if (id === undefined || id === '') return;
    switch (step.kind) {
      case 'ttl':
        this.track(keeper.ttl(id, step.ttl));
        return;
      case 'value':
        this.next();
        this.track(keeper.update(id, this.produce));
        return;
      case 'pause':
        this.wanted = false;
        this.track(keeper.pause(id));
        return;
      case 'resume':
        this.wanted = true;
        keeper.resume(id);
        return;
      case 'stop':
        this.wanted = false;
        this.id = undefined;
        this.track(keeper.stop(id));
    }
  }

  /** Resolves when every change has been answered. */
  async settled(): Promise<void> {
    await Promise.all(this.pending);
  }

  private readonly produce = (): EntryRecord => ({ kind: 'key', key: KEY, value: this.value });

  private async keep(seconds: number): Promise<void> {
    const options = { ttl: seconds, updateInterval: UPDATE_INTERVAL, exclusive: false };
    const { id, first } = await this.keeper.register(KEY, this.produce, options);
    this.id = id;
    await first.catch(() => undefined);
  }

  private next(): void {
    this.values += 1;
    this.value = `${this.name}${this.values}`;
  }

  private track(running: Promise<unknown>): void {
    const tracked = running.finally(() => this.pending.delete(tracked));
    this.pending.add(tracked);
  }
}

/** Two or three registrars of one key at one registry, on one clock. */
class History {
  readonly clock = new VirtualClock();
  private readonly source: MemorySource = memory();
  private readonly registrars: Registrar[] = [];

  static async begin(count: number): Promise<History> {
    const history = new History();
    for (let n = 0; n < count; n += 1) await history.join(n);
    return history;
  }

  async play(steps: readonly Step[]): Promise<void> {
    const { store } = this.source;
    for (const step of steps) {
      if ('who' in step) this.registrars.at(step.who % this.registrars.length)?.perform(step);
      else if (step.kind === 'wait') await this.clock.advance(step.ms);
      else if (step.kind === 'delete') store.remove(SLOT);
      else if (step.kind === 'overwrite') store.put({ kind: 'key', key: KEY, value: 'by hand' });
      else store.revoke(store.entry(SLOT)?.owner ?? '');
      await this.clock.advance(0);
    }
  }

  /** Ends every fault and waits until the registrars have agreed. */
  async calm(): Promise<void> {
    for (const [who] of this.registrars.entries()) await this.play([{ kind: 'heal', who }]);
    await this.clock.advance(QUIET_MS);
    for (const registrar of this.registrars) await registrar.settled();
    this.check();
  }

  /** Stops the holder of the key again and again: each time another one that wants it has it. */
  async succeed(): Promise<void> {
    for (;;) {
      const who = this.registrars.findIndex(({ state }) => state === 'alive');
      if (who < 0) break;
      await this.play([
        { kind: 'stop', who },
        { kind: 'wait', ms: 5_000 },
      ]);
      this.check();
    }
  }

  async end(): Promise<void> {
    const ended = Promise.all(this.registrars.map(({ keeper }) => keeper.close()));
    await this.clock.advance(3_000);
    await ended;
    expect(this.source.store.entry(SLOT)?.owner).toBeUndefined();
    expect({ sessions: this.source.store.sessions, timers: this.clock.pending }).toEqual({
      sessions: 0,
      timers: 0,
    });
  }

  /** One of those who want the key holds it with its latest value, and the others know that they wait. */
  private check(): void {
    const found = this.source.store.entry(SLOT);
    const wanted = this.registrars.filter((registrar) => registrar.wanted);
    const states = this.registrars.map(({ state }) => state);
    const waiting = wanted.filter(({ state }) => state === 'standby');
    const holders = wanted.filter(({ state }) => state === 'alive');
    expect({ states, holders: holders.length, waiting: waiting.length }).toEqual({
      states,
      holders: Math.min(1, wanted.length),
      waiting: Math.max(0, wanted.length - 1),
    });
    const value = (found?.record as KeyRecord | undefined)?.value;
    if (holders[0])
      expect({ value, owned: found?.owner !== undefined }).toEqual({ value: holders[0].value, owned: true });
    else expect(found?.owner).toBeUndefined();
  }

  private async join(n: number): Promise<void> {
    const { clock } = this;
    const random = fcRandom(n + 1);
    const deps = { clock, random, logger: silentLogger };
    const registry = new FaultyRegistry(await this.source.open(deps), clock);
    const name = 'ABC'.charAt(n);
    const keeper = new LocalRegistrar({ ...deps, registry, ticker: clockTicker(clock), name });
    this.registrars.push(new Registrar(name, keeper, registry));
  }
}

function fcRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

async function run(count: number, steps: readonly Step[]): Promise<void> {
  const history = await History.begin(count);
  await history.play(steps);
  await history.calm();
  await history.succeed();
  await history.end();
}

describe('registrars of one key', () => {
  it('has the key after a resume while another held it, as soon as that one goes', async () => {
    await run(2, [
      { kind: 'keep', who: 0, ttl: 5 },
      { kind: 'wait', ms: 100 },
      { kind: 'pause', who: 0 },
      { kind: 'wait', ms: 100 },
      { kind: 'keep', who: 1, ttl: 5 },
      { kind: 'wait', ms: 100 },
      { kind: 'resume', who: 0 },
      { kind: 'wait', ms: 100 },
      { kind: 'stop', who: 1 },
    ]);
  });

  it('give the key to one that wants it, whatever happened before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 3 }),
        fc.array(step, { minLength: 8, maxLength: 40, size: 'max' }),
        run,
      ),
      {
        numRuns: Number(process.env.HISTORIES ?? 300),
        seed: Number(process.env.HISTORIES_SEED ?? 20_261_128),
      },
    );
  }, 300_000);
});
