import { Test } from '@nestjs/testing';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as client from 'prom-client';
import { SidekickMetricsModule } from '../../../lib/metrics/metrics.module.js';
import { DiscoveryService } from '../../../lib/piloted/discovery.service.js';
import { PilotedModule } from '../../../lib/piloted/piloted.module.js';
import { memory } from '../../../lib/registries/memory/memory.js';
import { SidekickModule } from '../../../lib/sidekick/sidekick.module.js';
import { binary } from '../../harness/binaries.js';

const run = promisify(execFile);

describe('promtool', () => {
  it('accepts the alert rules', async () => {
    const rules = fileURLToPath(new URL('../../../docs/grafana/alerts.yml', import.meta.url));
    const { stdout } = await run(await binary('promtool'), ['check', 'rules', rules]);
    expect(stdout).toContain('SUCCESS: 11 rules found');
  });

  it('accepts a scrape without a complaint', async () => {
    const register = new client.Registry();
    const registry = memory();
    const app = await Test.createTestingModule({
      imports: [
        SidekickModule.forRoot({ registry, key: 'leader', logger: silent }),
        PilotedModule.forRoot({
          registry,
          services: [{ name: 'web', fallback: ['10.0.0.1:80'] }],
          logger: silent,
        }),
        SidekickMetricsModule.forRoot({ client, register }),
      ],
    }).compile();
    await app.init();
    await app
      .get(DiscoveryService)
      .of('web')
      .call(() => Promise.resolve());
    const scrape = await register.metrics();
    await app.close();
    const checking = run(await binary('promtool'), ['check', 'metrics']);
    checking.child.stdin?.end(scrape);
    // Complaints go to the standard error with exit code 3.
    expect(await checking).toEqual({ stdout: '', stderr: '' });
  });
});

const silent = { log: () => undefined, warn: () => undefined, error: () => undefined };
