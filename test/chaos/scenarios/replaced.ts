import { type EtcdCluster } from '../../harness/etcd.js';
import { join } from 'node:path';
import { monotonic, sleep, until } from '../../harness/wait.js';
import { type Application } from '../application/application.js';
import { type Finding } from '../validators/finding.js';
import { backWithin, noGap } from '../validators/presence.js';
import { foundBoth } from './found-both.js';
import { Onlooker } from './onlooker.js';
import { type Scenario } from './scenario.js';
import { type Stage } from './stage.js';
import { Store } from './store.js';

/** Seconds. */
const TTL = 3;

/** Milliseconds within which everything is there again once the registry answers. */
const BACK = (TTL * 1_000) / 3 + 5_000;

/** Keys of each application. */
const KEYS = 24;

const SERVICE = 'web';

/** The ways in which a registry is replaced. */
interface Fate {
  readonly what: string;
  readonly from: 'nothing' | 'snapshot';
  readonly token: 'same' | 'other';
  /** Whether other clients write enough to pass the old revision before the library notices the replacement. */
  readonly overtaken?: boolean;
}

const FATES: readonly Fate[] = [
  { what: 'restored', from: 'snapshot', token: 'same' },
  { what: 'wiped', from: 'nothing', token: 'same' },
  { what: 'restored and overtaken', from: 'snapshot', token: 'same', overtaken: true },
  { what: 'replaced by an empty one', from: 'nothing', token: 'other' },
  { what: 'replaced by one restored', from: 'snapshot', token: 'other' },
  { what: 'wiped and overtaken', from: 'nothing', token: 'same', overtaken: true },
];

/** The registry loses its data. */
export const registryReplaced: Scenario = {
  name: 'registry-replaced',
  promise:
    'When etcd is wiped, restored from an older snapshot or replaced, every key and instance is there again within TTL/3 + 5 s, and stays',

  async run(stage, { kills, minutes = Infinity }) {
    const etcd = await stage.etcd({});
    const registry = `etcd://${etcd.hosts}`;
    const sidekick = { ttl: TTL };
    const keys = (of: string): { key: string; value: string }[] =>
      Array.from({ length: KEYS }, (_, n) => ({ key: `/kept/${of}/${n}`, value: 'here' }));
    const announced = (name: string, n: number): Promise<Application> =>
      stage.application({
        name,
        registry,
        sidekick: { ...sidekick, service: { name: SERVICE, id: name, address: '10.0.0.1', port: 8_000 + n } },
        keys: keys(name).map((kept) => ({ ...kept, ttl: TTL })),
      });
    const [one, two, reader] = await Promise.all([
      announced('one', 1),
      announced('two', 2),
      stage.application({ name: 'reader', registry, piloted: { services: [SERVICE] }, follow: [SERVICE] }),
    ]);
    const wanted = new Map([...keys('one'), ...keys('two')].map(({ key, value }) => [key, value]));
    const onlooker = new Onlooker(stage.recorder, new Store(etcd), '/kept/', wanted);
    stage.atEnd(async () => await onlooker.end());
    const replacing = new Replacing(stage, etcd, onlooker, wanted, [one, two]);
    const order = [...FATES.keys()].map((n) => (n + stage.seed) % FATES.length);
    const end = monotonic() + minutes * 60_000;
    const rounds = Math.ceil(kills / 3);
    const findings: Finding[] = [];
    for (let round = 0; round < rounds && monotonic() < end; round++)
      findings.push(...(await replacing.play(FATES[order[round % FATES.length]!]!, round)));
    stage.figures['registries replaced'] = rounds;
    stage.figures['keys and instances'] = wanted.size + 2;
    return [...findings, ...(await foundBoth(stage, reader, SERVICE, 2_000))];
  },
};

/** Plays one fate after the other on the same registry. */
class Replacing {
  constructor(
    private readonly stage: Stage,
    private readonly etcd: EtcdCluster,
    private readonly onlooker: Onlooker,
    private readonly wanted: Map<string, string>,
    private readonly apps: readonly Application[],
  ) {}

  async play({ what, from, token, overtaken = false }: Fate, round: number): Promise<Finding[]> {
    const { stage, etcd, onlooker, wanted } = this;
    await until('everything to be there', () => onlooker.complete, { deadline: 2 * BACK });
    const snapshot = join(await stage.folder('snapshot'), 'snapshot.db');
    if (from === 'snapshot') await etcd.saveSnapshot(snapshot);
    // Not part of the snapshot: a newer value and another key.
    for (const [n, app] of this.apps.entries()) {
      const changed = `/kept/${app.name}/${round % KEYS}`;
      const added = `/kept/${app.name}/added-${round}`;
      wanted.set(changed, `changed in ${round}`).set(added, 'here');
      await app.ask('value', changed, `changed in ${round}`);
      await app.ask('keep', { key: added, value: 'here', ttl: TTL + n });
    }
    await until('all of it to be there', () => onlooker.complete);
    stage.fault('etcd', what, 'begin');
    await etcd.replace({
      ...(from === 'snapshot' ? { snapshot } : {}),
      token: token === 'same' ? 'test' : `test ${round}`,
    });
    const answers = monotonic();
    stage.fault('etcd', what, 'end');
    if (overtaken) await this.overtake();
    onlooker.reset();
    await until('everything to be back', () => onlooker.complete, { deadline: 2 * BACK }).catch(
      () => undefined,
    );
    const figure = `slowest back after it was ${what} (ms)`;
    stage.figures[figure] = Math.max(Number(stage.figures[figure] ?? 0), Math.round(monotonic() - answers));
    // Entries bound to an old lease expire with its TTL.
    await sleep((TTL + 2) * 1_000);
    const { events } = stage.recorder;
    const during = { from: answers + BACK, to: monotonic() };
    return [...wanted.keys()].flatMap((key) => [
      ...backWithin(events, key, answers, BACK),
      ...noGap(events, key, { during }),
    ]);
  }

  private async overtake(): Promise<void> {
    const store = new Store(this.etcd);
    await Promise.all(
      Array.from({ length: 400 }, async (_, n) => await store.writeSurely({ [`/others/${n}`]: 'x' })),
    );
  }
}
