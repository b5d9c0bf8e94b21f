import { type EtcdCluster } from '../../harness/etcd.js';
import { type EtcdMember } from '../../harness/etcd-member.js';
import { type TcpProxy } from '../../harness/proxy.js';
import { monotonic, sleep } from '../../harness/wait.js';
import { type Application } from '../application/application.js';
import { between } from '../random.js';
import { EtcdKeys } from '../stores/etcd-keys.js';
import { followed } from '../stores/in-each.js';
import { type KeyLog } from '../stores/key-store.js';
import { type Finding } from '../validators/finding.js';
import { neverGoesBack, notResurrected } from '../validators/ownership.js';
import { type Scenario } from './scenario.js';
import { type Stage } from './stage.js';

/** Seconds: long enough for a lease to outlive what a round does. */
const TTL = 20;

/** Keys to which the same is done in one round: few of the writes on their way through a member that hangs land late. */
const KEYS = 4;

/** Milliseconds after which a write has gone round the hanging member. */
const HANGS = 1_000;

/** An application's action while one of its writes is in flight. */
type Turn = 'writes again' | 'withdraws' | 'withdraws at once' | 'withdraws what it began' | 'is displaced';

const TURNS: readonly Turn[] = [
  'writes again',
  'withdraws',
  'withdraws at once',
  'withdraws what it began',
  'is displaced',
];

/** One way for a member to hang with writes on their way to it. */
interface Hang {
  begin(): Promise<void>;
  end(): Promise<void>;
}

type MakeHang = (stage: Stage, etcd: EtcdCluster, member: EtcdMember, proxy: TcpProxy) => Hang;

/** The network holds the requests back, and loses that they were given up. */
const heldBack: MakeHang = (stage, _etcd, member, proxy) => {
  let losing: NodeJS.Timeout | undefined;
  return {
    begin: async () => {
      stage.fault(member.name, 'hold back', 'begin');
      proxy.stall('up');
      // Every write has been sent by then, and none been given up.
      losing = setTimeout(() => proxy.swallow(), HANGS);
      await Promise.resolve();
    },
    end: async () => {
      // No write has to wait if all took another way.
      clearTimeout(losing);
      proxy.release();
      await sleep(300);
      proxy.pass();
      stage.fault(member.name, 'hold back', 'end');
    },
  };
};

const paused: MakeHang = (stage, _etcd, member) => ({
  begin: async () => await stage.pause(member),
  end: async () => {
    stage.resume(member);
    await Promise.resolve();
  },
});

const isolated: MakeHang = (stage, etcd, member) => ({
  begin: async () => {
    stage.fault(member.name, 'isolate', 'begin');
    etcd.isolate(member);
    await Promise.resolve();
  },
  end: async () => {
    etcd.network.heal();
    stage.fault(member.name, 'isolate', 'end');
    await Promise.resolve();
  },
});

const HANGS_BY: readonly MakeHang[] = [heldBack, paused, isolated];

/** Writes to a member that hangs, which arrive after the clients have continued elsewhere. */
export const latePut: Scenario = {
  name: 'late-put',
  promise:
    'A write that timed out at a member that hung and lands late brings no withdrawn key back, and overwrites no newer value and no other holder',
  needs: { fence: 'never goes back' },

  async run(stage, { kills, minutes = Infinity }) {
    const etcd = await stage.etcd({ size: 3, partitions: true });
    const proxies = await stage.proxies(etcd);
    const store = new EtcdKeys(
      etcd,
      proxies.map(({ endpoint }) => endpoint),
    );
    const start = async (name: string, registry: string): Promise<Application> =>
      await stage.application({ name, registry, sidekick: {} });
    // Only the writer's requests pass through the proxies.
    const direct = new EtcdKeys(etcd).url;
    const [app, rival] = await Promise.all([start('writer', store.url), start('rival', direct)]);
    const end = monotonic() + minutes * 60_000;
    const kept: Kept[] = [];
    let rounds = 0;
    for (; rounds < Math.ceil(kills / 3) && monotonic() < end; rounds++) {
      const round = await Promise.all(
        TURNS.flatMap((turn) =>
          Array.from({ length: KEYS }, async (_, n) => {
            const key = `late-${rounds}-${turn.replaceAll(' ', '-')}-${n}`;
            return new Kept(turn, key, await followed(stage, store, key), app, rival);
          }),
        ),
      );
      kept.push(...round);
      await Promise.all(round.map(async (one) => await one.begin()));
      const carrier = await carrierOf(round[0]!, proxies);
      const hang = HANGS_BY[rounds % HANGS_BY.length]!(
        stage,
        etcd,
        etcd.members[carrier]!,
        proxies[carrier]!,
      );
      await hang.begin();
      await Promise.all(round.map(async (one) => await one.goOn()));
      await sleep(between(stage.random, 0, 500));
      await hang.end();
      await etcd.whenHealthy();
      await sleep(300);
    }
    stage.figures['members that hung'] = rounds;
    stage.figures['writes on their way then'] = kept.filter(({ hung }) => hung).length;
    const findings = await Promise.all(kept.map(async (one) => await one.judge()));
    return findings.flat();
  },
};

/** One key, and what is done to it. */
class Kept {
  /** Whether what was to hang took so long that it has. */
  hung = false;
  private readonly values: string[] = [];

  constructor(
    private readonly turn: Turn,
    readonly key: string,
    private readonly log: KeyLog,
    private readonly app: Application,
    private readonly rival: Application,
  ) {}

  async begin(): Promise<void> {
    if (this.turn !== 'withdraws what it began') await this.keep(this.app, 'first');
  }

  /** Writes what hangs, and then does what makes it late. */
  async goOn(): Promise<void> {
    const { turn, key, app, rival } = this;
    if (turn === 'withdraws what it began') {
      // The first write of a key has nothing to compare but that there is none.
      const keeping = this.keep(app, 'late').catch(() => undefined);
      await sleep(50);
      await Promise.all([keeping, app.ask('stopKey', key).catch(() => undefined)]);
      await app.ask('stopKey', key).catch(() => undefined);
      return;
    }
    const since = monotonic();
    const written = this.write('late').then(() => {
      this.hung = monotonic() - since > HANGS;
    });
    if (turn === 'withdraws at once') await sleep(50);
    else await written;
    if (turn === 'writes again') await this.write('newer');
    else if (turn === 'is displaced') await this.keep(rival, 'rival');
    else await app.ask('stopKey', key);
    await written;
  }

  async judge(): Promise<Finding[]> {
    const history = await this.log.end();
    const withdrawn = this.turn.startsWith('withdraws');
    return [
      ...neverGoesBack(history, this.key, this.values),
      ...(withdrawn ? notResurrected(history, this.key) : []),
    ];
  }

  private async keep(app: Application, value: string): Promise<void> {
    this.values.push(value);
    await app.ask('keep', { key: this.key, value, ttl: TTL });
  }

  async write(value: string): Promise<void> {
    this.values.push(value);
    await this.app.ask('value', this.key, value);
  }
}

/** The member that an application talks to: the one whose proxy a write goes through. */
async function carrierOf(kept: Kept, proxies: readonly TcpProxy[]): Promise<number> {
  // The keys of this round are watched by then, so that nothing but the write is on its way.
  await sleep(600);
  const before = proxies.map(({ counts }) => counts.bytesUp);
  await kept.write('here');
  const grown = proxies.map(({ counts }, i) => counts.bytesUp - before[i]!);
  return grown.indexOf(Math.max(...grown));
}
