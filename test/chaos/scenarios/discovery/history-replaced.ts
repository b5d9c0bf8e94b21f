import { rm } from 'node:fs/promises';
import { HttpRelay } from '../../../harness/http-relay.js';
import { monotonic, sleep } from '../../../harness/wait.js';
import { type Finding } from '../../validators/finding.js';
import { seldomAsked } from '../../validators/freshness.js';
import { endsWith, noFalseEmpty, seenAt } from '../../validators/lists.js';
import { type Members } from '../../validators/store-states.js';
import { type Scenario } from '../scenario.js';
import { type Stage } from '../stage.js';
import { sampled } from './sampled.js';
import { ConsulPlace, EtcdPlace, FilePlace } from './places.js';
import { seen } from './seen.js';

const SERVICE = 'replaced';
const WHO = 'reader';
const FOLLOWER = { who: WHO, service: SERVICE };
const LISTS = 'lists';

/** Milliseconds for a reader to reach the new list once it is in the store. */
const WITHIN = 8_000;

/** Milliseconds for which the reader is observed after it has the list, to detect an endless loop. */
const QUIET = 1_000;

/** Requests beyond one a second: a list, a look at the revision, and each once more. */
const AT_ONCE = 4;

const PROMISE =
  'comes with another history, readers list it in full, have the right list, ask at most once a second, and are empty only while it is';

/** How the store is replaced, and its content afterwards. */
interface Turn {
  readonly what: string;
  readonly members: Members;
  readonly run: () => Promise<void>;
}

export const historyReplacedEtcd: Scenario = {
  name: 'history-replaced-etcd',
  promise: `When etcd is restored from an older state, wiped, or replaced by another cluster, and ${PROMISE}`,

  async run(stage, { kills }) {
    const place = await EtcdPlace.open(stage);
    const [member] = place.etcd.members;
    if (!member) throw new Error('Expected a member.');
    const before = { a: '1', b: '1' };
    await place.write(SERVICE, before);
    await stage.kill(member);
    const older = await member.remember();
    await stage.restart(member);
    const way = await place.way();
    await start(stage, way.url);
    const end = sampled(stage, 'etcd', LISTS, async () => await member.requests('Range'));
    let serial = 1;
    let lived = 0;
    const grow = async (): Promise<void> => {
      // Beyond what the store that comes back has seen, so that its revision lies behind the reader's.
      for (let i = 0; i < 8; i++) await place.write(SERVICE, { a: String(++serial), c: String(serial) });
      await seen(stage, [WHO], SERVICE, { a: String(serial), c: String(serial) }, WITHIN);
      lived = Math.max(lived, await place.etcd.revision());
    };
    const fill = async (members: Members): Promise<void> => await place.write(SERVICE, members);
    const turns = (): Turn[] => {
      const mark = String(++serial + 1_000);
      return [
        {
          what: 'restored from an older state',
          members: before,
          run: async () => {
            await member.recall(older);
            await stage.restart(member);
          },
        },
        {
          what: 'restored, and changed since',
          members: { ...before, d: mark },
          run: async () => {
            await member.recall(older);
            await stage.restart(member);
            await fill({ d: mark });
          },
        },
        {
          what: 'wiped',
          members: { e: mark },
          run: async () => {
            await member.wipe();
            await stage.restart(member);
            await fill({ e: mark });
          },
        },
        {
          what: 'wiped, and further on than before when the reader is back',
          members: { g: mark },
          run: async () => {
            for (const proxy of way.proxies) proxy.drop();
            await member.wipe();
            await stage.restart(member);
            const revision = await place.etcd.revision();
            for (let i = revision; i < lived + 10; i++) await fill({ g: String(i) });
            await fill({ g: mark });
            for (const proxy of way.proxies) proxy.pass();
          },
        },
        {
          what: 'replaced by another cluster, further on than the one before',
          members: { f: mark },
          run: async () => {
            await member.wipe();
            await member.restart(undefined, [`--initial-cluster-token=other-${mark}`]);
            stage.fault(member.name, 'kill', 'end');
            for (let i = 0; i < lived + 10; i++) await fill({ f: String(i) });
            await fill({ f: mark });
          },
        },
      ];
    };
    const findings: Finding[] = [];
    for (let round = 0; round < Math.max(1, Math.ceil(kills / 10)); round++)
      for (const turn of turns()) {
        await grow();
        await stage.kill(member);
        findings.push(...(await played(stage, turn)));
      }
    await end();
    return [...findings, ...seldomAsked(stage.recorder.events, LISTS, 1, AT_ONCE)];
  },
};

export const historyReplacedConsul: Scenario = {
  name: 'history-replaced-consul',
  promise: `When a Consul agent forgets everything, so that its index goes back, and ${PROMISE}`,

  async run(stage, { kills }) {
    const place = await ConsulPlace.open(stage);
    await place.write(SERVICE, { a: '1', b: '1' });
    const relay = await HttpRelay.to(place.agent);
    stage.atEnd(async () => await relay.stop());
    await start(stage, `consul://${relay.endpoint}`);
    const end = sampled(stage, 'consul', LISTS, async () => await Promise.resolve(relay.count));
    const findings: Finding[] = [];
    const rounds = Math.max(1, Math.ceil(kills / 10));
    for (let round = 2; round < 2 + rounds; round++) {
      const members = { [`c${round}`]: String(round), a: String(round) };
      stage.fault('consul', 'kill', 'begin');
      await place.agent.kill();
      const run = async (): Promise<void> => {
        await place.agent.restart();
        stage.fault('consul', 'kill', 'end');
        await place.write(SERVICE, members);
      };
      findings.push(...(await played(stage, { what: `forgotten, round ${round - 1}`, members, run })));
    }
    await end();
    return [...findings, ...seldomAsked(stage.recorder.events, LISTS, 1, AT_ONCE + 4)];
  },
};

export const historyReplacedFile: Scenario = {
  name: 'history-replaced-file',
  promise: `When the folder of a file registry is removed, and ${PROMISE}`,

  async run(stage, { kills }) {
    const place = await FilePlace.open(stage);
    await place.write(SERVICE, { a: '1', b: '1' });
    await start(stage, (await place.way()).url);
    const findings: Finding[] = [];
    const rounds = Math.max(1, Math.ceil(kills / 5));
    for (let round = 2; round < 2 + rounds; round++) {
      const members = { [`c${round}`]: String(round), a: String(round) };
      stage.fault('folder', 'removed', 'begin');
      const run = async (): Promise<void> => {
        await rm(place.folder, { recursive: true });
        await sleep(stage.random() * 1_000);
        await place.write(SERVICE, members);
        stage.fault('folder', 'removed', 'end');
      };
      findings.push(...(await played(stage, { what: `removed, round ${round - 1}`, members, run })));
    }
    return findings;
  },
};

async function start(stage: Stage, registry: string): Promise<void> {
  await stage.application({ name: WHO, registry, piloted: { services: [SERVICE] }, follow: [SERVICE] });
}

/** Plays one turn, and judges the lists it led to. */
async function played(stage: Stage, { what, members, run }: Turn): Promise<Finding[]> {
  const from = monotonic();
  await run();
  const filled = monotonic();
  await seen(stage, [WHO], SERVICE, members, WITHIN);
  await sleep(QUIET);
  const recent = stage.recorder.events.filter(({ at }) => at >= from);
  const [[id, mark]] = Object.entries(members) as [[string, string]];
  const took = (seenAt(recent, FOLLOWER, id, mark, from) ?? Infinity) - filled;
  stage.figures[`right list after the store was ${what} (ms)`] = Math.max(0, Math.round(took));
  return [...endsWith(recent, FOLLOWER, members), ...noFalseEmpty(recent, FOLLOWER, [{ from, to: filled }])];
}
