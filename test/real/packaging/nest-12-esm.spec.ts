import { join } from 'node:path';
import { describeConsumer } from './behaviour.js';
import { runVitest } from './own-tests.js';
import { filesOf } from './pages.js';

describeConsumer(
  'A fresh Nest 12 application of ES modules',
  {
    type: 'module',
    dependencies: {
      '@grpc/grpc-js': '1.14.7',
      '@grpc/proto-loader': '0.8.1',
      '@nestjs/axios': '12.0.1',
      '@nestjs/common': '12.5.1',
      '@nestjs/core': '12.5.1',
      '@nestjs/microservices': '12.1.1',
      '@nestjs/platform-express': '12.5.1',
      '@nestjs/testing': '12.1.1',
      '@types/node': '20.19.43',
      axios: '1.21.1',
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
      const report = await runVitest(consumer(), 'recipes');
      const specs = recipes.filter(([path]) => path.endsWith('spec.ts'));
      expect(report.testResults).toHaveLength(specs.length);
      expect(report.numTotalTests).toBeGreaterThanOrEqual(8);
      expect(report.numPassedTests).toBe(report.numTotalTests);
    }, 120_000);

    it('runs a test of its own that calls by every client, with Vitest', async () => {
      expect(await runVitest(consumer(), 'calls')).toMatchObject({ numPassedTests: 1, numTotalTests: 1 });
    }, 60_000);
  },
);
