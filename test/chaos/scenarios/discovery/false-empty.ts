import { rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Random } from '../../../../lib/common/random.js';
import { type ConsulAgent } from '../../../harness/consul.js';
import { HttpRelay, type RelayAnswer } from '../../../harness/http-relay.js';
import { monotonic, sleep, until } from '../../../harness/wait.js';
import { between } from '../../random.js';
import { type Finding } from '../../validators/finding.js';
import { noPickFailed, saidAt, saidWithin } from '../../validators/freshness.js';
import { endsWith, listsOf, neverWithout, noFalseEmpty } from '../../validators/lists.js';
import { type Scenario } from '../scenario.js';
import { type Stage } from '../stage.js';
import { instanceValue, prefixOf } from './etcd-instances.js';
import { ConsulPlace, EtcdPlace, FilePlace, type Way } from './places.js';
import { seen } from './seen.js';

const SERVICE = 'kept';
const MEMBERS = { a: '1', b: '1', c: '1' };
const GONE = { a: undefined, b: undefined, c: undefined };

/** Milliseconds within which the reader must be fresh again after a fault. */
const RECOVERY = 11_000;

/** A fault that keeps a registry from answering with its entries. */
interface Trouble {
  readonly what: string;
  /** Milliseconds that it lasts. */
  readonly lasts: number;
  readonly begin: () => Promise<unknown> | void;
  readonly end: () => Promise<unknown> | void;
}

/** One reader and its faults. */
interface Lot {
  readonly who: string;
  readonly registry: string;
  readonly troubles: readonly Trouble[];
}

const PROMISE = 'A list becomes empty only where the registry says so: never by';

export const saidEmptyEtcd: Scenario = {
  name: 'said-empty-etcd',
  promise: `${PROMISE} a server that is away, silent, denies the permission or is none at all (etcd)`,
  needs: { 'said-empty': 'no false empty' },

  async run(stage) {
    const place = await EtcdPlace.open(stage);
    const { etcd } = place;
    const [member] = etcd.members;
    for (const [id, mark] of Object.entries(MEMBERS))
      await etcd.put(`${prefixOf(SERVICE)}${id}`, instanceValue(mark));
    await etcd.enableAuth('root password');
    await etcd.addUser('app', 'secret', '/nestjs-sidekick/', 'read');
    const [ofOne, ofOther] = [await place.way(), await place.way()];
    const { proxies } = ofOther;
    const stranger = await HttpRelay.to(member!);
    stage.atEnd(async () => await stranger.stop());
    stranger.intercept(() => HTML);
    const lead = (port: number): void => {
      for (const proxy of proxies) {
        proxy.retarget({ port });
        proxy.cut();
      }
    };
    const lots: Lot[] = [
      { who: 'reader 0', registry: withUser(ofOne), troubles: ofTheWay(ofOne) },
      {
        who: 'reader 1',
        registry: withUser(ofOther),
        troubles: [
          {
            what: 'a role that is taken away',
            lasts: 2_000,
            begin: async () => {
              await etcd.etcdctl(['user', 'revoke-role', 'app', 'app']);
              for (const proxy of proxies) proxy.cut();
            },
            end: async () => await etcd.etcdctl(['user', 'grant-role', 'app', 'app']),
          },
          {
            what: 'a server that is not etcd',
            lasts: 1_500,
            begin: () => lead(stranger.port),
            end: () => lead(member!.port),
          },
          {
            what: 'a server that dies',
            lasts: 1_500,
            begin: async () => await stage.kill(member!),
            end: async () => await stage.restart(member!),
          },
        ],
      },
    ];
    const empty = async (): Promise<void> => {
      for (const id of Object.keys(MEMBERS)) await etcd.delete(`${prefixOf(SERVICE)}${id}`);
    };
    return await suffered(stage, lots, empty);
  },
};

function withUser({ url }: Way): string {
  return url.replace('//', '//app:secret@');
}

const HTML: RelayAnswer = {
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: '<!doctype html><title>Welcome</title><p>Please sign in to use this network.',
};

/** Answers that are no list, whatever their status. */
const NONSENSE: readonly (readonly [string, RelayAnswer])[] = [
  ['a page', HTML],
  ['nothing', { status: 200, body: '' }],
  ['null', { status: 200, headers: { 'content-type': 'application/json' }, body: 'null' }],
  ['an object', { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' }],
  [
    'half of a list',
    {
      status: 200,
      headers: { 'content-type': 'application/json', 'x-consul-index': '9' },
      body: '[{"Node":{',
    },
  ],
  ['an error', { status: 500, body: 'No cluster leader' }],
  ['not found', { status: 404, body: '' }],
  ['a denial', { status: 403, body: 'Permission denied' }],
  ['too many requests', { status: 429, body: '' }],
];

const READ = 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }';

export const saidEmptyConsul: Scenario = {
  name: 'said-empty-consul',
  promise: `${PROMISE} an agent that is away, silent, leaves out what a token may not see, or answers with anything but a list (Consul)`,

  async run(stage, { kills }) {
    const place = await ConsulPlace.open(stage, { acl: true });
    const { agent } = place;
    await place.write(SERVICE, MEMBERS);
    const [token, other] = [await agent.createToken(READ), await agent.createToken(READ)];
    const [ofOne, ofOther] = [await place.way(`?token=${token}`), await place.way(`?token=${other}`)];
    const relay = await HttpRelay.to(agent);
    stage.atEnd(async () => await relay.stop());
    const lots: Lot[] = [
      { who: 'reader 0', registry: ofOne.url, troubles: ofTheWay(ofOne) },
      { who: 'reader 1', registry: ofOther.url, troubles: await ofTheToken(agent, other, ofOther) },
      {
        who: 'reader 2',
        registry: `consul://${relay.endpoint}?token=${token}`,
        troubles: some(stage.random, NONSENSE, Math.ceil(kills / 2)).map(([what, answer]) => ({
          what: `an answer that is ${what}`,
          lasts: 500,
          begin: () => {
            relay.intercept(() => answer);
            relay.cut();
          },
          end: () => relay.pass(),
        })),
      },
    ];
    return await suffered(stage, lots, async () => await place.write(SERVICE, GONE));
  },
};

async function ofTheToken(agent: ConsulAgent, token: string, { proxies }: Way): Promise<Trouble[]> {
  const headers = { 'x-consul-token': token };
  const self = await agent.json<{ Policies: { ID: string; Name: string }[] }>('/v1/acl/token/self', {
    headers,
  });
  const { ID, Name } = self.Policies[0]!;
  const allow = async (Rules: string): Promise<unknown> =>
    await agent.json(`/v1/acl/policy/${ID}`, { method: 'PUT', body: { ID, Name, Rules } });
  const denied = (what: string, rules: string): Trouble => ({
    what,
    lasts: 1_500,
    begin: async () => {
      await allow(rules);
      // The agent answers a pending blocking query by the rules in force when it began.
      for (const proxy of proxies) proxy.cut();
    },
    end: async () => await allow(READ),
  });
  return [
    denied('a token that may read nothing', ''),
    denied('a token that may read no node', 'service_prefix "" { policy = "read" }'),
    denied('a token that may read no service', 'node_prefix "" { policy = "read" }'),
  ];
}

/** So many of them, in any order. */
function some<T>(random: Random, all: readonly T[], count: number): readonly T[] {
  const rest = [...all];
  return Array.from(
    { length: Math.min(count, all.length) },
    () => rest.splice(between(random, 0, rest.length - 1), 1)[0]!,
  );
}

export const saidEmptyFile: Scenario = {
  name: 'said-empty-file',
  promise: `${PROMISE} files that hold nothing, rubbish or far too much, or are links (file)`,

  async run(stage) {
    const place = await FilePlace.open(stage);
    await place.write(SERVICE, MEMBERS);
    const { url } = await place.way();
    const each = async (change: (file: string) => Promise<void>): Promise<void> => {
      for (const id of Object.keys(MEMBERS))
        await change(join(place.folder, 'services', SERVICE, `${id}.json`));
    };
    const end = async (): Promise<void> => await place.write(SERVICE, MEMBERS);
    const troubles = [
      ...['', 'rubbish', '{"format":9}', 'null', ' '.repeat(70_000)].map((text): Trouble => ({
        what: `files that hold ${text.length > 20 ? 'far too much' : `"${text}"`}`,
        lasts: 600,
        begin: async () => await each(async (file) => await writeFile(file, text)),
        end,
      })),
      {
        what: 'files that are links',
        lasts: 600,
        begin: async () =>
          await each(async (file) => {
            await symlink('/dev/zero', `${file}.link`);
            await rename(`${file}.link`, file);
          }),
        end,
      },
    ];
    return await suffered(
      stage,
      [{ who: 'reader', registry: url, troubles }],
      async () => await place.write(SERVICE, GONE),
    );
  },
};

/** Network faults in front of any server. */
function ofTheWay({ proxies }: Way): Trouble[] {
  const end = (): void => {
    for (const proxy of proxies) proxy.pass();
  };
  return [
    {
      what: 'connections that are reset',
      lasts: 1_500,
      begin: () => proxies.forEach((proxy) => proxy.drop()),
      end,
    },
    {
      what: 'a network that swallows all',
      lasts: 6_000,
      begin: () => proxies.forEach((proxy) => proxy.swallow()),
      end,
    },
  ];
}

/** Injects each reader's faults one after the other; then the registry answers with an empty list. */
async function suffered(stage: Stage, lots: readonly Lot[], empty: () => Promise<void>): Promise<Finding[]> {
  const { recorder } = stage;
  await Promise.all(
    lots.map(
      async ({ who: name, registry }) =>
        await stage.application({ name, registry, piloted: { services: [SERVICE] }, follow: [SERVICE] }),
    ),
  );
  const from = monotonic();
  const findings = await Promise.all(lots.map(async (lot) => await borne(stage, lot)));
  const deregisteredAt = monotonic();
  await empty();
  const readers = lots.map(({ who }) => who);
  await seen(stage, readers, SERVICE, GONE, stage.limit(RECOVERY));
  stage.figures.troubles = lots.reduce((sum, { troubles }) => sum + troubles.length, 0);
  const { events } = recorder;
  const judge = (who: string): Finding[] => [
    ...noFalseEmpty(events, { who, service: SERVICE }, [{ from: deregisteredAt, to: Infinity }]),
    ...neverWithout(events, { who, service: SERVICE }, Object.keys(MEMBERS), { from, to: deregisteredAt }),
    ...noPickFailed(events, { who, service: SERVICE }, { from, to: deregisteredAt }),
    ...endsWith(events, { who, service: SERVICE }, {}),
  ];
  return [...findings.flat(), ...readers.flatMap(judge)];
}

async function borne(stage: Stage, { who, troubles }: Lot): Promise<Finding[]> {
  const { recorder, figures } = stage;
  const follower = { who, service: SERVICE };
  const findings: Finding[] = [];
  for (const { what, lasts, begin, end } of troubles) {
    stage.fault(who, what, 'begin');
    await begin();
    await sleep(lasts);
    await end();
    stage.fault(who, what, 'end');
    const over = monotonic();
    const fresh = (): number | undefined => saidAt(recorder.events, follower, false, over);
    const deadline = stage.limit(RECOVERY);
    await until('the list to be fresh', () => fresh() !== undefined, { deadline }).catch(() => undefined);
    findings.push(...saidWithin(recorder.events, follower, false, over, stage.limit(RECOVERY)));
    const took = Math.round((fresh() ?? Infinity) - over);
    figures[SLOWEST] = Math.max(Number(figures[SLOWEST] ?? 0), took);
    // One fault that empties the list is enough for a finding.
    if (stage.without.length > 0 && listsOf(recorder.events, who, SERVICE).length > 1) break;
  }
  return findings;
}

const SLOWEST = 'slowest to be fresh again (ms)';
