import { type DynamicModule, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import http from 'node:http';
import { type AddressInfo, type Server } from 'node:net';
import { ServiceHttp, ServiceHttpModule, type ServiceHttpModuleOptions } from '../../../lib/http/index.js';
import { type Balancer } from '../../../lib/balancing/balancer.js';
import { type Call } from '../../../lib/balancing/call.js';
import { RoundRobin } from '../../../lib/balancing/strategies/round-robin.js';
import { type Endpoint } from '../../../lib/discovery/endpoint.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { systemClock } from '../../../lib/common/clock.js';
import { DiscoveryService } from '../../../lib/piloted/discovery.service.js';
import { PilotedModule } from '../../../lib/piloted/piloted.module.js';
import { type PilotedModuleOptions } from '../../../lib/piloted/piloted.options.js';
import { memory } from '../../../lib/registries/memory/memory.js';
import { completeInstance, type PartialInstance } from '../../../lib/registry/instance.js';
import { type Session } from '../../../lib/registry/registry.js';

export type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** A server on loopback that counts its requests. */
export class Instance {
  requests = 0;

  private constructor(
    readonly server: Server,
    readonly id: string,
  ) {}

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Listens with `answer`, or with the given server. `port` 0 takes any. */
  static async listen(id: string, answer: Answer | Server, port = 0): Promise<Instance> {
    const server = typeof answer === 'function' ? http.createServer(answer) : answer;
    const instance = new Instance(server, id);
    server.on('request', () => (instance.requests += 1));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return instance;
  }

  /** Serves the requests under way, and closes. */
  async drain(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      if (this.server instanceof http.Server) this.server.closeAllConnections();
    });
  }
}

/** Round robin that counts the calls under way. */
export class CountingBalancer implements Balancer {
  inFlight = 0;
  readonly outcomes: string[] = [];
  private readonly inner = new RoundRobin(() => 0);

  update(endpoints: readonly Endpoint[]): void {
    this.inner.update(endpoints);
  }

  pick(): Endpoint | undefined {
    return this.inner.pick();
  }

  start({ id }: Endpoint): Call {
    this.inFlight += 1;
    return {
      done: (_error, outcome) => {
        this.inFlight -= 1;
        this.outcomes.push(`${id} ${outcome}`);
      },
    };
  }
}

/** Seconds: longer than any scenario, since the session is not renewed. */
const SESSION_TTL_S = 7_200;

/** Servers in a `memory:` registry, and an application that calls them. */
export class World {
  readonly source = memory();
  readonly instances: Instance[] = [];
  private readonly apps: TestingModule[] = [];
  private session: Session | undefined;

  /** Starts a server and registers it. */
  async serve(
    service: string,
    id: string,
    answer: Answer | Server,
    more: Partial<PartialInstance> = {},
  ): Promise<Instance> {
    const instance = await Instance.listen(id, answer);
    this.instances.push(instance);
    await this.register(service, id, { port: instance.port, ...more });
    return instance;
  }

  /** Registers an instance without a server of this world. */
  async register(service: string, id: string, more: Partial<PartialInstance>): Promise<void> {
    this.session ??= await (
      await this.source.open({ clock: systemClock, random: Math.random, logger: silentLogger })
    ).openSession({ ttl: SESSION_TTL_S }, new AbortController().signal);
    const instance = completeInstance({ service, id, address: '127.0.0.1', port: 1, ...more });
    const { signal } = new AbortController();
    const first = await this.session.write({ kind: 'instance', instance }, undefined, signal);
    if (!first.ok) await this.session.write({ kind: 'instance', instance }, first.current?.version, signal);
  }

  async deregister(service: string, id: string): Promise<void> {
    await this.session?.remove({ kind: 'instance', service, id }, new AbortController().signal);
  }

  /** Boots an application with both modules. */
  async boot(
    piloted: PilotedModuleOptions = {},
    http: ServiceHttpModuleOptions = {},
    ...more: (Type | DynamicModule)[]
  ): Promise<{ http: ServiceHttp; discovery: DiscoveryService; app: TestingModule }> {
    const app = await Test.createTestingModule({
      imports: [
        PilotedModule.forRoot({ registry: this.source, logger: silentLogger, ...piloted }),
        ServiceHttpModule.forRoot(http),
        ...more,
      ],
    }).compile();
    this.apps.push(app);
    await app.init();
    return { http: app.get(ServiceHttp), discovery: app.get(DiscoveryService), app };
  }

  async end(): Promise<void> {
    for (const app of this.apps.splice(0)) await app.close();
    for (const instance of this.instances.splice(0)) await instance.close();
    await this.session?.end(new AbortController().signal);
  }
}

/** Answers with the id of the instance. */
export function saying(text: string, status = 200): Answer {
  return (request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(status).end(text));
  };
}
