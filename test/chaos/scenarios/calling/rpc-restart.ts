import { Metadata } from '@grpc/grpc-js';
import { type ClientGrpc, type ClientProxy, ClientProxyFactory } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { firstValueFrom, type Observable, timeout } from 'rxjs';
import { grpcService } from '../../../../lib/grpc/index.js';
import { DiscoveryService, PilotedModule } from '../../../../lib/index.js';
import { silentLogger } from '../../../../lib/common/logger.js';
import { tcpService } from '../../../../lib/microservices/index.js';
import { forkTypeScript } from '../../../harness/fork.js';
import { monotonic, until } from '../../../harness/wait.js';
import { type Finding } from '../../validators/finding.js';
import { type Scenario } from '../scenario.js';
import { type Stage } from '../stage.js';

const PROTO = fileURLToPath(new URL('../../../real/rpc/hero.proto', import.meta.url));
const SERVER = new URL('../../workers/rpc-server.ts', import.meta.url);

const INSTANCES = 3;

const RESTARTS = { full: 100, share: 2 };

/** Callers of each of the two clients. */
const CALLERS = 50;

/** Milliseconds after which a call counts as one that hangs. */
const HANGS_MS = 10_000;

interface Instance {
  readonly id: string;
  readonly child: ChildProcess;
}

/** Callers that never stop calling, and the errors that they got. */
class Callers {
  answered = 0;
  readonly byInstance = new Set<string>();
  readonly failures: { readonly at: number; readonly error: unknown }[] = [];
  private over = false;
  private readonly running: Promise<void>[];

  constructor(private readonly call: () => Observable<{ instance: string }>) {
    this.running = Array.from({ length: CALLERS }, () => this.run());
  }

  async stop(): Promise<void> {
    this.over = true;
    await Promise.all(this.running);
  }

  private async run(): Promise<void> {
    while (!this.over) {
      try {
        const { instance } = await firstValueFrom(this.call().pipe(timeout(HANGS_MS)));
        this.byInstance.add(instance);
        this.answered += 1;
      } catch (error) {
        this.failures.push({ at: monotonic(), error });
      }
    }
  }
}

/** Instances are replaced one after the other, while clients of gRPC and of TCP never stop calling. */
export const rpcRestart: Scenario = {
  name: 'rpc-restart',
  alone: true,
  promise:
    'While the instances of a service are restarted one after the other, no call by gRPC or TCP fails; when one is killed, at most those that were under way to it fail, and none hangs',

  async run(stage, { kills, minutes = Infinity }) {
    const end = monotonic() + minutes * 60_000;
    const registry = `file:${await stage.folder('rpc')}`;
    const app = await Test.createTestingModule({
      imports: [PilotedModule.forRoot({ registry, logger: silentLogger, services: ['hero'] })],
    }).compile();
    await app.init();
    const handle = app.get(DiscoveryService).of('hero');
    const grpc = ClientProxyFactory.create(
      grpcService(handle, { package: 'hero', protoPath: PROTO, port: 'grpc' }),
    ) as unknown as ClientGrpc & { close(): void };
    const tcp: ClientProxy = ClientProxyFactory.create(tcpService(handle, { port: 'tcp' }));
    stage.atEnd(async () => {
      grpc.close();
      tcp.close();
      await app.close();
    });

    let started = 0;
    const start = async (): Promise<Instance> => {
      const id = `hero-${++started}`;
      const child = forkTypeScript(SERVER, [registry, id]);
      stage.atEnd(async () => void child.kill('SIGKILL'));
      await once(child, 'message');
      return { id, child };
    };
    const instances = await Promise.all(Array.from({ length: INSTANCES }, start));
    await handle.ready({ min: INSTANCES, timeout: 30 });
    const hero = grpc.getService<{
      findOne(request: object, metadata: Metadata): Observable<{ instance: string }>;
    }>('HeroService');
    const clients: Readonly<Record<string, Callers>> = {
      grpc: new Callers(() => hero.findOne({}, new Metadata())),
      tcp: new Callers(() => tcp.send('find', {})),
    };
    const reached = async (id: string): Promise<void> => {
      const all = Object.values(clients);
      await until(`calls to ${id}`, () => all.every(({ byInstance }) => byInstance.has(id)), {
        deadline: 30_000,
      });
    };
    for (const { id } of instances) await reached(id);

    /** Replaces the oldest instance. */
    const replace = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
      const old = instances.shift()!;
      const next = await start();
      await reached(next.id);
      const ended = once(old.child, 'exit');
      old.child.kill(signal);
      await ended;
      await until(`${old.id} to be off the list`, () => handle.endpoints.every(({ id }) => id !== old.id), {
        deadline: 30_000,
      });
      instances.push(next);
    };

    const findings: Finding[] = [];
    const { full, share } = RESTARTS;
    const wanted = kills >= 50 ? full : share;
    let restarts = 0;
    for (; restarts < wanted && monotonic() < end; restarts++) await replace('SIGTERM');
    for (const [who, { failures }] of Object.entries(clients))
      for (const { at, error } of failures.splice(0))
        findings.push({
          promise: 'no failed call',
          who,
          at,
          text: `A call failed during a restart: ${String(error)}.`,
        });

    let killed = 0;
    for (; killed < Math.ceil(wanted / 10) && monotonic() < end; killed++) {
      await replace('SIGKILL');
      for (const [who, { failures }] of Object.entries(clients))
        findings.push(...afterKill(who, failures.splice(0)));
    }
    await Promise.all(Object.values(clients).map((callers) => callers.stop()));
    await Promise.all(instances.map((instance) => ended(instance)));
    record(stage, { restarts, killed, clients });
    return findings;
  },
};

/** Only calls that were under way may fail: of each caller one at most. */
function afterKill(who: string, failures: Callers['failures']): Finding[] {
  const at = monotonic();
  const hung = failures.filter(({ error }) => (error as Error).name === 'TimeoutError').length;
  const findings: Finding[] = [];
  if (failures.length > CALLERS)
    findings.push({
      promise: 'only calls under way fail',
      who,
      at,
      text: `Expected at most ${CALLERS} failed calls after a kill, got ${failures.length}, the last with ${String(failures.at(-1)?.error)}.`,
    });
  if (hung > 0)
    findings.push({ promise: 'no call hangs', who, at, text: `${hung} calls had no answer in 10 s.` });
  return findings;
}

async function ended({ child }: Instance): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

function record(
  stage: Stage,
  {
    restarts,
    killed,
    clients,
  }: { restarts: number; killed: number; clients: Readonly<Record<string, Callers>> },
): void {
  stage.figures['restarts under gRPC and TCP callers'] = restarts;
  stage.figures['instances killed under gRPC and TCP callers'] = killed;
  for (const [who, { answered }] of Object.entries(clients))
    stage.figures[`calls answered by ${who}`] = answered;
}
