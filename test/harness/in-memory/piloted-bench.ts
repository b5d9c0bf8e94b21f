import { type DynamicModule, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { DiscoveryService } from '../../../lib/piloted/discovery.service.js';
import { PilotedModule } from '../../../lib/piloted/piloted.module.js';
import { type PilotedModuleOptions } from '../../../lib/piloted/piloted.options.js';
import { memory, type MemorySource } from '../../../lib/registries/memory/memory.js';
import { registryPool } from '../../../lib/registry/registry-pool.js';
import { type RegistrySource } from '../../../lib/registry/registry-source.js';
import { Announcer } from './announcer.js';
import { ScriptedRegistry } from './scripted-registry.js';

/**
 * Applications with PilotedModule on a memory registry that has the instances `a`, `b` and `c` of service `web`. Registers
 * the hooks that reset it before each test and check after it that nothing is left.
 */
export function pilotedBench() {
  const apps: TestingModule[] = [];
  const lines: string[] = [];
  const stacks: string[] = [];
  const logger = {
    log: () => undefined,
    warn: (line: string) => lines.push(line),
    error: (line: string, stack?: string) => {
      lines.push(line);
      if (stack !== undefined) stacks.push(stack);
    },
  };
  const bench = {} as { source: MemorySource; web: Announcer };

  async function boot(module: DynamicModule, ...more: (Type | DynamicModule)[]): Promise<TestingModule> {
    const app = await Test.createTestingModule({ imports: [module, ...more] }).compile();
    apps.push(app);
    await app.init();
    return app;
  }

  const start = (
    options: PilotedModuleOptions = {},
    ...more: (Type | DynamicModule)[]
  ): Promise<TestingModule> =>
    boot(PilotedModule.forRoot({ registry: bench.source, logger, ...options }), ...more);

  async function discovery(options: PilotedModuleOptions = {}): Promise<DiscoveryService> {
    return (await start(options)).get(DiscoveryService);
  }

  beforeEach(async () => {
    for (const list of [apps, lines, stacks]) list.length = 0;
    bench.source = memory();
    bench.web = await Announcer.on(bench.source);
    await bench.web.announce('a', 'b', 'c');
  });

  afterEach(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await bench.web.end();
    expect(registryPool.size).toBe(0);
    expect(process.listenerCount('SIGHUP')).toBe(0);
  });

  return Object.assign(bench, { apps, lines, stacks, logger, boot, start, discovery, thrown, scripted });
}

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown.');
}

/** A registry whose answers the test sets. */
function scripted(): { readonly source: RegistrySource; readonly registry: ScriptedRegistry } {
  const registry = new ScriptedRegistry();
  const identity = `scripted:${performance.now()}`;
  return { registry, source: { identity, url: 'scripted:', open: () => Promise.resolve(registry) } };
}
