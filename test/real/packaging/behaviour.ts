import { freePorts } from '../../harness/ports.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { until } from '../../harness/wait.js';
import { CALLS_RESULT, callsFiles } from './calls.js';
import { Consumer, type ConsumerPlan } from './consumer.js';
import { PATIENCE } from './installation.js';
import { filesOf } from './pages.js';
import { TYPED_NAMES, TYPED_NAMES_PROJECT } from './typed-names.js';

/** Imports every path the package offers, and prints which could not be and why. */
const PROBE = `
import { readFileSync } from 'node:fs';
// Kept from becoming require() in CommonJS.
const load = new Function('path', 'return import(path)') as (path: string) => Promise<object>;
const manifest = JSON.parse(readFileSync('node_modules/nestjs-sidekick/package.json', 'utf8')) as { exports: object };
void (async () => {
  const results: Record<string, string> = {};
  for (const path of Object.keys(manifest.exports).filter((name) => !name.endsWith('.json'))) {
    try {
      results[path] = Object.keys(await load('nestjs-sidekick' + path.slice(1))).length > 0 ? 'ok' : 'empty';
    } catch (error) {
      results[path] = (error as Error).message;
    }
  }
  console.log(JSON.stringify(results));
})();
`;

/** Boots on a registry whose package is not installed, and prints the error. */
const PEERLESS = `
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PilotedModule, SidekickModule } from 'nestjs-sidekick';

@Module({ imports: [SidekickModule.forRoot({ key: 'me' }), PilotedModule.forRoot()] })
class AppModule {}

NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false }).then(
  () => console.log('booted'),
  (error: Error) => console.log(error.message),
);
`;

/** Uses the types of every path. */
const TYPES = `
import { Controller, Get } from '@nestjs/common';
import { DiscoveryService, type Endpoint, memory, Service, ServiceHandle, Sidekick } from 'nestjs-sidekick';
import { consul } from 'nestjs-sidekick/consul';
import { loadContainerPilot } from 'nestjs-sidekick/containerpilot';
import { dns } from 'nestjs-sidekick/dns';
import { EtcdClient, EtcdModule } from 'nestjs-sidekick/etcd';
import { grpcService } from 'nestjs-sidekick/grpc';
import { tcpService } from 'nestjs-sidekick/microservices';
import { VirtualClock } from 'nestjs-sidekick/testing';

@Controller()
export class TypedController {
  constructor(
    readonly discovery: DiscoveryService,
    readonly sidekick: Sidekick,
    readonly etcd: EtcdClient,
    @Service('web') readonly web: ServiceHandle,
  ) {}

  @Get('typed')
  typed(@Service('web') endpoint: Endpoint): string {
    const port: number = endpoint.port;
    return \`\${endpoint.address}:\${port}, \${this.web.endpoints.length}\`;
  }
}

export const used = { memory, consul, dns, loadContainerPilot, EtcdModule, VirtualClock, grpcService, tcpService };
`;

/**
 * The example of README.md, in an application of the kind given: installed, compiled, run.
 *
 * @param more further cases, of this kind alone
 */
export function describeConsumer(
  title: string,
  plan: Omit<ConsumerPlan, 'files'>,
  more: (consumer: () => Consumer) => void = () => undefined,
): void {
  describe(title, () => {
    let consumer: Consumer;

    beforeAll(async () => {
      const shown = await filesOf('README.md', plan.type);
      const files = {
        ...shown,
        'src/probe.ts': PROBE,
        'src/peerless.ts': PEERLESS,
        ...callsFiles(plan.type),
      };
      consumer = await Consumer.create({ ...plan, files });
    }, PATIENCE);
    afterAll(async () => {
      await (consumer as Consumer | undefined)?.remove();
    });

    it.each(['memory:', 'file:'])(
      'announces itself and finds itself on %s, and ends by itself',
      async (scheme) => {
        const folder = await tempFolder('consumer-registry');
        const [port] = (await freePorts(1)) as [number];
        const registry = scheme === 'file:' ? `file:${folder}` : scheme;
        const app = consumer.start('dist/main.js', { PORT: String(port), SIDEKICK_REGISTRY: registry });
        try {
          const { url, known } = await until(
            'the application to find itself',
            async () => {
              const response = await fetch(`http://127.0.0.1:${port}/`);
              if (!response.ok) throw new Error(await response.text());
              return (await response.json()) as { url: string; known: number };
            },
            { every: 100 },
          ).catch((error: unknown) => {
            throw new Error(`${String(error)}\n${app.output}`);
          });
          expect(new URL(url).port).toBe(String(port));
          expect(known).toBe(1);
          // Taken for the end, this would be the signal that it ends by.
          app.signal('SIGHUP');
        } finally {
          expect(await app.end('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' });
          await removeFolder(folder);
        }
      },
    );

    it.each(plan.compilers)(
      'compiles with TypeScript $version, module $module, moduleResolution $moduleResolution',
      async (compiler) => {
        await consumer.write({ 'src/types.ts': TYPES });
        await expect(consumer.compile(compiler)).resolves.toBeUndefined();
        await consumer.write({ 'names/names.ts': TYPED_NAMES, 'names/tsconfig.json': TYPED_NAMES_PROJECT });
        await expect(consumer.compile(compiler, 'names')).resolves.toBeUndefined();
      },
      PATIENCE,
    );

    it('can import every path of the package, or gets an error that names the missing package', async () => {
      const { exports } = await consumer.installed();
      const results = JSON.parse(await consumer.run('dist/probe.js')) as Record<string, string>;
      expect(Object.keys(results)).toEqual(Object.keys(exports).filter((path) => !path.endsWith('.json')));
      for (const result of Object.values(results))
        expect(result).toMatch(/^ok$|needs the package .*npm install /);
      expect(results['.']).toBe('ok');
    });

    it('calls itself by fetch, axios, gRPC and TCP, by the name of the service', async () => {
      expect(JSON.parse(await consumer.run('dist/calls.js'))).toEqual(CALLS_RESULT);
    });

    it.each([
      ['etcd', 'etcd://127.0.0.1:1', 'etcd3'],
      ['Consul', 'consul://127.0.0.1:1', 'consul'],
    ])('gets an error that names the package %s needs', async (_name, url, packageName) => {
      const said = await consumer.run('dist/peerless.js', { SIDEKICK_REGISTRY: url });
      expect(said).toContain(`npm install ${packageName}`);
    });

    more(() => consumer);
  });
}
