import { join } from 'node:path';
import { describeConsumer } from './behaviour.js';
import { runVitest } from './own-tests.js';
import { filesOf } from './pages.js';

describeConsumer(
  'A fresh Nest 12 application of ES modules',
  {
    type: 'module',
    dependencies: [
      '@grpc/grpc-js',
      '@grpc/proto-loader',
      '@nestjs/axios',
      '@nestjs/common',
      '@nestjs/core',
      '@nestjs/microservices',
      '@nestjs/platform-express',
      '@nestjs/testing',
      '@types/node',
      'axios',
      'reflect-metadata',
      'rxjs',
      'supertest',
      'vitest',
    ],
    typescript: 'typescript-7.0.2',
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
    });

    it('runs a test of its own that calls by every client, with Vitest', async () => {
      expect(await runVitest(consumer(), 'calls')).toMatchObject({ numPassedTests: 1, numTotalTests: 1 });
    });
  },
);
