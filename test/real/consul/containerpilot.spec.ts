import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SidekickModule } from '../../../lib/index.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { until } from '../../harness/wait.js';

interface CatalogService {
  readonly ServiceID: string;
  readonly ServicePort: number;
  readonly ServiceTags: string[];
  readonly ServiceEnableTagOverride: boolean;
}

describe('SidekickModule with a ContainerPilot configuration, on Consul', () => {
  let agent: ConsulAgent;
  let server: Server;
  let port: number;
  let folder: string;

  beforeAll(async () => {
    agent = await startConsul();
    folder = await mkdtemp(join(tmpdir(), 'containerpilot-consul-'));
    server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    ({ port } = server.address() as { port: number });
  });
  afterAll(async () => {
    server.close();
    await agent.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("registers its jobs in the file's own Consul, as ContainerPilot does", async () => {
    const config = join(folder, 'containerpilot.json5');
    await writeFile(
      config,
      `{
        consul: '${agent.host}:${agent.port}',
        jobs: [{
          name: 'app', exec: '/bin/app', port: ${port}, tags: ['prod'], interfaces: ['static:127.0.0.1'],
          initial_status: 'warning',
          health: { exec: '/bin/true', interval: 5, ttl: 12 },
          consul: { enableTagOverride: true, deregisterCriticalServiceAfter: '90m' },
        }],
      }`,
    );
    @Module({ imports: [SidekickModule.forRoot({ config, logger: silentLogger })] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    try {
      const [entry] = await until('the service', async () => {
        const found = await agent.json<CatalogService[]>('/v1/catalog/service/app');
        return found.length > 0 && found;
      });
      expect(entry).toMatchObject({
        ServicePort: port,
        ServiceTags: ['prod'],
        ServiceEnableTagOverride: true,
      });
      expect(entry?.ServiceID).toMatch(/^app-/);
      const checks = await agent.json<Record<string, { Status: string }>>('/v1/agent/checks');
      expect(Object.keys(checks)).toContain(`service:${entry?.ServiceID}`);
    } finally {
      await app.close();
    }
    expect(await agent.json('/v1/catalog/service/app')).toEqual([]);
  });
});
