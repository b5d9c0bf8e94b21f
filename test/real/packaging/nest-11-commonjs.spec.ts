import { join } from 'node:path';
import { describeConsumer } from './behaviour.js';
import { runJest } from './own-tests.js';
import { filesOf } from './pages.js';

describeConsumer(
  'A fresh Nest 11 application of CommonJS modules',
  {
    type: 'commonjs',
    dependencies: {
      // The last version whose resolvers have a listener object.
      '@grpc/grpc-js': '1.13.4',
      '@grpc/proto-loader': '0.8.1',
      '@nestjs/axios': '4.0.1',
      '@nestjs/common': '11.2.10',
      '@nestjs/core': '11.2.10',
      '@nestjs/microservices': '11.2.6',
      '@nestjs/platform-express': '11.2.10',
      '@nestjs/schedule': '^6.0.0',
      '@nestjs/testing': '11.2.6',
      '@swc/core': '1.16.18',
      '@swc/jest': '0.2.39',
      '@types/jest': '^30.0.0',
      '@types/node': '20.19.43',
      axios: '1.21.1',
      jest: '^30.0.0',
      'reflect-metadata': '^0.2.2',
      rxjs: '^7.8.2',
      supertest: '^7.0.0',
      'ts-jest': '^29.4.0',
      typescript: '6.0.3',
    },
    typescript: 'typescript',
    // The oldest and the newest that README.md names, for each way to resolve modules.
    compilers: [
      { version: '5.0.4', module: 'commonjs', moduleResolution: 'node10' },
      { version: '5.8.3', module: 'nodenext', moduleResolution: 'nodenext' },
      { version: '7.0.2', module: 'nodenext', moduleResolution: 'nodenext' },
      { version: '7.0.2', module: 'commonjs', moduleResolution: 'bundler' },
    ],
  },
  (consumer) => {
    it('runs the tests of docs/testing.md with its Jest configuration', async () => {
      const recipes = Object.entries(await filesOf('docs/testing.md', 'commonjs'));
      await consumer().write(
        Object.fromEntries(recipes.map(([path, code]) => [join('recipes', path), code])),
      );
      const report = await runJest(consumer(), 'recipes');
      const specs = recipes.filter(([path]) => path.endsWith('spec.ts'));
      expect(report.testResults).toHaveLength(specs.length);
      expect(report.numTotalTests).toBeGreaterThanOrEqual(8);
      expect(report.numPassedTests).toBe(report.numTotalTests);
    });

    it('runs a test of its own that calls by every client, with Jest', async () => {
      expect(await runJest(consumer(), 'calls')).toMatchObject({ numPassedTests: 1, numTotalTests: 1 });
    });
  },
);
