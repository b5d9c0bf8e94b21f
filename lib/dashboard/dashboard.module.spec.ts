import { type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SidekickDashboardModule } from './dashboard.module.js';

describe('SidekickDashboardModule', () => {
  let app: INestApplication | undefined;
  afterEach(async () => {
    await app?.close();
  });

  it.each<[string, string | undefined, string | undefined, string[]]>([
    ['/ops', 'ops', undefined, []],
    ['/api/ops', '/ops', 'api', []],
    ['/api/v1/ops', 'ops', '/api/v1/', ['health']],
    ['/ops', 'ops', 'api', ['ops']],
    ['/api', '/', 'api', []],
  ])(
    'warns that %s has no guards (path %s, global prefix %s without %j)',
    async (url, path, prefix, exclude) => {
      const lines: unknown[] = [];
      const imports = [SidekickDashboardModule.forRoot(path === undefined ? {} : { path })];
      const module = await Test.createTestingModule({ imports }).compile();
      const logger = {
        log: () => undefined,
        error: () => undefined,
        warn: (line: unknown) => lines.push(line),
      };
      app = module.createNestApplication({ logger });
      if (prefix !== undefined) app.setGlobalPrefix(prefix, { exclude });
      await app.init();
      expect(lines.map((line) => String(line).split(' has no guards')[0])).toContain(url);
    },
  );
});
