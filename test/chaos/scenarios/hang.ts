import { monotonic, sleep, until } from '../../harness/wait.js';
import { type Application } from '../application/application.js';
import { ofKind } from '../recording/recorder.js';
import { type Finding } from '../validators/finding.js';
import { oneLeaseAtATime } from '../validators/leases.js';
import { awayDuring, backWithin, noGap, type Span } from '../validators/presence.js';
import { exactStates, restoredWithin } from '../validators/states.js';
import { type Scenario } from './scenario.js';
import { type Stage } from './stage.js';

/** Seconds. */
const TTL = 3;

/**
 * Seconds. A thread that dies just before a renewal, which is due after TTL/3 + 10 %, leaves 6.3 s, in which two threads
 * start. A start takes 0.2 s, and 2 s with ten busy processes on two processors.
 */
const THREAD_TTL = 10;

/** Milliseconds: long enough for the registry to give the key up. */
const HANG = 1.6 * TTL * 1_000;

/** Milliseconds after the end of a hang within which the key has to be back. */
const BACK = 500;

/** Seconds a main thread may hang before its entries are withdrawn. */
const MAX_HANG = 1;

/** Milliseconds from the end of `maxHang` until the key has to be gone. */
const NOTICE = 1_000;

/** A way to have a whole application stand still. */
type Halt = (app: Application) => Promise<void>;

const blocked: Halt = async (app) => await app.ask('block', HANG);

const stopped: Halt = async (app) => {
  await app.stopProcess();
  await sleep(HANG);
  app.continueProcess();
};

/** The event loop of an application hangs for longer than the TTL. */
export const blockedEventLoop: Scenario = {
  name: 'blocked-event-loop',
  promise:
    'When the event loop was blocked for 1.6 times the TTL, there is one lost and one restored, the key is back within 500 ms, and never are two leases alive',
  run: async (stage, { kills }) => await standStill(stage, blocked, Math.ceil(kills / 10), {}),
};

/** The process of an application is stopped for longer than the TTL. */
export const stoppedProcess: Scenario = {
  name: 'stopped-process',
  promise:
    'When the process was stopped for 1.6 times the TTL, there is one lost and one restored, the key is back within 500 ms, and never are two leases alive',
  run: async (stage, { kills }) => {
    const rounds = Math.ceil(kills / 10);
    const [alone, isolated] = await Promise.all([
      standStill(stage, stopped, rounds, {}),
      // A thread of its own is stopped with the rest.
      standStill(stage, stopped, rounds, { isolate: true, maxHang: 2 }),
    ]);
    return [...alone, ...isolated];
  },
};

async function standStill(
  stage: Stage,
  halt: Halt,
  rounds: number,
  sidekick: { readonly isolate?: boolean; readonly maxHang?: number },
): Promise<readonly Finding[]> {
  const etcd = await stage.etcd({ size: 1 });
  const name = sidekick.isolate ? 'isolated' : 'halting';
  const registry = `etcd://${etcd.hosts}`;
  const app = await stage.application({ name, registry, keys: [{ key: name, ttl: TTL }], sidekick });
  const heart = app.heart();
  const end = stage.read(etcd, heart.key, 20);
  const endLeases = stage.watchLeases(etcd, `leases of ${name}`);
  await heart.nextAck();
  for (let round = 0; round < rounds; round++) {
    await halt(app);
    await heart.nextAck();
    // It has settled when it renews again.
    await sleep(TTL * 1_000);
  }
  await end();
  await endLeases();
  const { events } = stage.recorder;
  const hangs = hangsOf(stage, name);
  const back = hangs.flatMap(({ to }) => [
    ...backWithin(events, heart.key, to, stage.limit(BACK)),
    ...restoredWithin(events, heart.who, to, stage.limit(BACK)),
  ]);
  const states = Array.from({ length: rounds }, () => ['lost', 'restored']).flat();
  stage.figures[`hangs of ${name}`] = hangs.length;
  stage.figures[`restored after a hang of ${name}, at most (ms)`] = slowest(stage, heart.who, hangs);
  return [
    ...back,
    ...exactStates(events, heart.who, states),
    ...noGap(events, heart.key, {
      except: hangs.map(({ from, to }) => ({ from, to: to + stage.limit(BACK) })),
    }),
    ...oneLeaseAtATime(events, `leases of ${name}`),
  ];
}

/** A heartbeat in a thread of its own: the main thread hangs, and its thread dies. */
export const isolatedHeartbeat: Scenario = {
  name: 'isolated-heartbeat',
  alone: true,
  promise:
    'With `isolate` no key is absent while the event loop is blocked or when the heartbeat thread has died, nor when the next one dies at once; only a main thread that hangs for longer than `maxHang` is withdrawn, and is back within 500 ms',

  async run(stage, { kills }) {
    const rounds = Math.ceil(kills / 10);
    const etcd = await stage.etcd({ size: 1 });
    const registry = `etcd://${etcd.hosts}`;
    const start = async (key: string, maxHang: number, heartbeat = {}): Promise<Application> =>
      await stage.application({
        name: key,
        registry,
        keys: [{ key, ttl: TTL, ...heartbeat }],
        sidekick: { isolate: true, maxHang },
      });
    const [patient, strict, dying] = await Promise.all([
      start('patient', 30),
      start('strict', MAX_HANG),
      start('dying', 30, { ttl: THREAD_TTL, exclusive: true }),
    ]);
    const ends = ['patient', 'strict', 'dying'].map((key) => stage.read(etcd, key, 20));
    const findings: Finding[] = [];
    for (let round = 0; round < rounds; round++) {
      await Promise.all([patient.ask('block', HANG), strict.ask('block', HANG)]);
      // Afterwards: an event loop that is blocked takes a processor, which the start of a thread needs.
      await Promise.all([diesTwice(dying, round), sleep(TTL * 1_000)]);
      const next = `after round ${round}`;
      await Promise.all([patient, strict, dying].map(async (app) => await app.ask('value', app.name, next)));
      for (const key of ['patient', 'strict', 'dying']) {
        const value = await etcd.get(key);
        const text = `Expected "${key}" to be "${next}", got "${String(value)}".`;
        if (value !== next) findings.push({ promise: 'the value arrives', who: key, at: monotonic(), text });
      }
    }
    for (const end of ends) await end();
    const { events } = stage.recorder;
    const hangs = hangsOf(stage, 'strict');
    stage.figures.hangs = rounds * 2;
    stage.figures['threads that died'] = rounds * 4;
    const withdrawn = hangs.map(({ from, to }) => ({
      from: from + MAX_HANG * 1_000,
      to: to + stage.limit(BACK),
    }));
    return [
      ...findings,
      ...noGap(events, 'patient'),
      ...noGap(events, 'dying'),
      ...['patient', 'dying'].flatMap((key) => exactStates(events, `${key}: ${key}`, [])),
      ...noGap(events, 'strict', { except: withdrawn }),
      ...hangs.flatMap(({ from, to }) => [
        ...awayDuring(events, 'strict', { from: from + MAX_HANG * 1_000 + stage.limit(NOTICE), to }),
        ...backWithin(events, 'strict', to, stage.limit(BACK)),
      ]),
    ];
  },
};

/**
 * Ends the thread of a heartbeat twice, each time changing the value while there is none. The thread that replaces it ends
 * too, before it has registered the entry.
 */
async function diesTwice(app: Application, round: number): Promise<void> {
  for (const how of ['terminate', 'crash'] as const) {
    const ended = await app.ask('endThreads', how);
    if (ended !== 1) throw new Error(`Expected one heartbeat thread, got ${ended}.`);
    await app.ask('value', app.name, `${how} ${round}`);
    const replaced = async (): Promise<boolean> => (await app.ask('endThreads', 'crash')) === 1;
    await until('a thread in place of the dead one', replaced, { every: 5 });
    await app.heart().nextAck();
  }
}

/** When an application stood still, by its own account. */
function hangsOf(stage: Stage, who: string): Span[] {
  const faults = ofKind(stage.recorder.events, 'fault').filter((fault) => fault.who === who);
  const begins = faults.filter(({ phase }) => phase === 'begin');
  const ends = faults.filter(({ phase }) => phase === 'end');
  return begins.map(({ at }, i) => ({ from: at, to: ends[i]?.at ?? Infinity }));
}

/** The longest it took from the end of a hang to the word that the key is back, in milliseconds. */
function slowest(stage: Stage, who: string, hangs: readonly Span[]): number {
  const restored = ofKind(stage.recorder.events, 'state').filter(
    (event) => event.who === who && event.state === 'restored',
  );
  return Math.round(Math.max(...hangs.map(({ to }, i) => (restored[i]?.at ?? Infinity) - to)));
}
