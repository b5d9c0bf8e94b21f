import { join } from 'node:path';
import { describeConsumer } from './behaviour.js';
import { filesOf } from './pages.js';
import { shell } from './shell.js';

describeConsumer(
  'A fresh Nest 12 application of ES modules',
  {
    type: 'module',
    dependencies: {
      '@grpc/grpc-js': '1.14.7',
      '@grpc/proto-loader': '0.8.1',
      '@nestjs/common': '12.5.1',
      '@nestjs/core': '12.5.1',
      '@nestjs/microservices': '12.1.1',
      '@nestjs/platform-express': '12.5.1',
      '@nestjs/testing': '12.1.1',
      '@types/node': '20.19.43',
      'reflect-metadata': '^0.2.2',
      rxjs: '^7.8.2',
      supertest: '^7.0.0',
      vitest: '^4.1.2',
    },
    // The oldest and the newest that README.md names.
    compilers: [
      { version: '5.0.4', module: 'nodenext', moduleResolution: 'nodenext' },
      { version: '7.0.2', module: 'nodenext', moduleResolution: 'nodenext' },
      { version: '7.0.2', module: 'esnext', moduleResolution: 'bundler' },
    ],
  },
  (consumer) => {
    it('runs the tests of docs/testing.md with Vitest', async () => {
      const recipes = Object.entries(await filesOf('docs/testing.md', 'module'));
      await consumer().write(
        Object.fromEntries(recipes.map(([path, code]) => [join('recipes', path), code])),
      );
      const { folder } = consumer();
      const vitest = join(folder, 'node_modules', 'vitest', 'vitest.mjs');
      // As in the template of `nest new`, which has a configuration for each of the two kinds.
      await consumer().write({
        'recipes/tsconfig.json': '{"extends":"../tsconfig.json","include":["src"]}',
        'recipes/vitest.config.ts':
          "export default { test: { globals: true, root: './', include: ['**/*{.,.e2e-}spec.ts'] } };",
      });
      const report = JSON.parse(
        await shell(process.execPath, [vitest, 'run', '--reporter=json'], { cwd: join(folder, 'recipes') }),
      ) as { numPassedTests: number; numTotalTests: number; testResults: readonly unknown[] };
      const specs = recipes.filter(([path]) => path.endsWith('spec.ts'));
      expect(report.testResults).toHaveLength(specs.length);
      expect(report.numTotalTests).toBeGreaterThanOrEqual(8);
      expect(report.numPassedTests).toBe(report.numTotalTests);
    }, 120_000);
  },
);
