import fc from 'fast-check';
import { silentLogger } from '../common/logger.js';
import { type EntryRecord, type KeyRecord, type EntryKey } from '../registry/entry-record.js';
import { memory, type MemorySource } from '../registries/memory/memory.js';
import { type Fault, FaultyRegistry, type RequestKind } from '../testing/faulty-registry.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { LocalRegistrar } from './local-registrar.js';
import { type Registration } from './registrar.js';
import { clockTicker } from './ticker.js';
import { runs } from '../../test/harness/in-memory/runs.js';

const KEY = 'k';
const ENTRY_KEY: EntryKey = { kind: 'key', key: KEY };
const UPDATE_INTERVAL = 3;
const TTLS = [3, 5, 8] as const;
/** Milliseconds after which the state must be right: the longest TTL, the backoff, an update tick. */
const QUIET_MS = 25_000;

type Step =
  | { readonly kind: 'register' | 'ttl'; readonly who: number; readonly ttl: number }
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
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('register' as const), who, ttl }) },
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

/** One process that registers the key, and what the test has requested of it. */
class Participant {
  registration: Registration | 'starting' | undefined;
  wanted = false;
  value = '';
  private values = 0;
  private readonly pending = new Set<Promise<unknown>>();

  constructor(
    private readonly name: string,
    readonly registrar: LocalRegistrar,
    readonly registry: FaultyRegistry,
  ) {}

  get state(): string | undefined {
    return this.registrar.statuses[0]?.state;
  }

  perform(step: Step): void {
    const { registry, registration } = this;
    switch (step.kind) {
      case 'register':
        if (registration !== undefined) return;
        this.registration = 'starting';
        this.wanted = true;
        this.next();
        this.track(this.register(step.ttl));
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
    // There is no registration to change yet.
    if (registration === undefined || registration === 'starting') return;
    switch (step.kind) {
      case 'ttl':
        this.track(registration.setTtl(step.ttl));
        return;
      case 'value':
        this.next();
        this.track(registration.update(this.produce));
        return;
      case 'pause':
        this.wanted = false;
        this.track(registration.pause());
        return;
      case 'resume':
        this.wanted = true;
        registration.resume();
        return;
      case 'stop':
        this.wanted = false;
        this.registration = undefined;
        this.track(registration.stop());
    }
  }

  /** Resolves when every change has settled. */
  async settled(): Promise<void> {
    await Promise.all(this.pending);
  }

  private readonly produce = (): EntryRecord => ({ kind: 'key', key: KEY, value: this.value });

  private async register(seconds: number): Promise<void> {
    const options = { ttl: seconds, updateInterval: UPDATE_INTERVAL, exclusive: false };
    const registration = await this.registrar.register(KEY, this.produce, options);
    this.registration = registration;
    await registration.first.catch(() => undefined);
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

/** Two or three registrars of one key in one registry, on one clock. */
class History {
  readonly clock = new VirtualClock();
  private readonly source: MemorySource = memory();
  private readonly participants: Participant[] = [];

  static async begin(count: number): Promise<History> {
    const history = new History();
    for (let n = 0; n < count; n += 1) await history.join(n);
    return history;
  }

  async play(steps: readonly Step[]): Promise<void> {
    const { store } = this.source;
    for (const step of steps) {
      if ('who' in step) this.participants.at(step.who % this.participants.length)?.perform(step);
      else if (step.kind === 'wait') await this.clock.advance(step.ms);
      else if (step.kind === 'delete') store.remove(ENTRY_KEY);
      else if (step.kind === 'overwrite') store.put({ kind: 'key', key: KEY, value: 'by hand' });
      else store.revoke(store.entry(ENTRY_KEY)?.owner ?? '');
      await this.clock.advance(0);
    }
  }

  /** Ends every fault and waits until the registrars agree. */
  async calm(): Promise<void> {
    for (const [who] of this.participants.entries()) await this.play([{ kind: 'heal', who }]);
    await this.clock.advance(QUIET_MS);
    for (const participant of this.participants) await participant.settled();
    this.check();
  }

  /** Stops the owner of the key repeatedly: each time another registrar that wants the key owns it. */
  async succeed(): Promise<void> {
    for (;;) {
      const who = this.participants.findIndex(({ state }) => state === 'alive');
      if (who < 0) break;
      await this.play([
        { kind: 'stop', who },
        { kind: 'wait', ms: 5_000 },
      ]);
      this.check();
    }
  }

  async end(): Promise<void> {
    const ended = Promise.all(this.participants.map(({ registrar }) => registrar.close()));
    await this.clock.advance(3_000);
    await ended;
    expect(this.source.store.entry(ENTRY_KEY)?.owner).toBeUndefined();
    expect({ sessions: this.source.store.sessions, timers: this.clock.pending }).toEqual({
      sessions: 0,
      timers: 0,
    });
  }

  /** One registrar that wants the key owns it with its latest value, and all others are in standby. */
  private check(): void {
    const found = this.source.store.entry(ENTRY_KEY);
    const wanted = this.participants.filter((participant) => participant.wanted);
    const states = this.participants.map(({ state }) => state);
    const waiting = wanted.filter(({ state }) => state === 'standby');
    const owners = wanted.filter(({ state }) => state === 'alive');
    expect({ states, owners: owners.length, waiting: waiting.length }).toEqual({
      states,
      owners: Math.min(1, wanted.length),
      waiting: Math.max(0, wanted.length - 1),
    });
    const value = (found?.record as KeyRecord | undefined)?.value;
    if (owners[0])
      expect({ value, owned: found?.owner !== undefined }).toEqual({ value: owners[0].value, owned: true });
    else expect(found?.owner).toBeUndefined();
  }

  private async join(n: number): Promise<void> {
    const { clock } = this;
    const random = fcRandom(n + 1);
    const deps = { clock, random, logger: silentLogger };
    const registry = new FaultyRegistry(await this.source.open(deps), clock);
    const name = 'ABC'.charAt(n);
    const registrar = new LocalRegistrar({ ...deps, registry, ticker: clockTicker(clock), name });
    this.participants.push(new Participant(name, registrar, registry));
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
  it('registers after a resume while another session owns the key, as soon as that session ends', async () => {
    await run(2, [
      { kind: 'register', who: 0, ttl: 5 },
      { kind: 'wait', ms: 100 },
      { kind: 'pause', who: 0 },
      { kind: 'wait', ms: 100 },
      { kind: 'register', who: 1, ttl: 5 },
      { kind: 'wait', ms: 100 },
      { kind: 'resume', who: 0 },
      { kind: 'wait', ms: 100 },
      { kind: 'stop', who: 1 },
    ]);
  });

  it('leave the key with one registrar that wants it, after any history', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 3 }),
        fc.array(step, { minLength: 8, maxLength: 40, size: 'max' }),
        run,
      ),
      {
        numRuns: Number(process.env.HISTORIES ?? runs(40, 300)),
        seed: Number(process.env.HISTORIES_SEED ?? 20_261_128),
      },
    );
  }, 300_000);
});
