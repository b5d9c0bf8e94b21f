import { join } from 'node:path';
import { describeConsumer } from './behaviour.js';
import { readmeJestConfig } from './readme.js';
import { shell } from './shell.js';

/** A test as an application has it, of what README.md shows. */
const SPEC = `
import { Test } from '@nestjs/testing';
import { PilotedModule, memory } from 'nestjs-sidekick';
import { AppController } from './app.controller';

it('imports the package, and boots', async () => {
  const module = await Test.createTestingModule({
    imports: [PilotedModule.forRoot({ registry: memory(), boot: 'empty' })],
    controllers: [AppController],
  }).compile();
  await module.init();
  expect(module.get(AppController)).toBeInstanceOf(AppController);
  await module.close();
});
`;

describeConsumer(
  'A fresh Nest 11 application of CommonJS modules',
  {
    type: 'commonjs',
    dependencies: {
      // The last version whose resolvers have a listener object.
      '@grpc/grpc-js': '1.13.4',
      '@grpc/proto-loader': '0.8.1',
      '@nestjs/common': '11.2.10',
      '@nestjs/core': '11.2.10',
      '@nestjs/microservices': '11.2.6',
      '@nestjs/platform-express': '11.2.10',
      '@nestjs/schedule': '^6.0.0',
      '@nestjs/testing': '11.2.6',
      '@swc/core': '1.16.18',
      '@swc/jest': '0.2.39',
      '@types/node': '20.19.43',
      jest: '^30.0.0',
      'reflect-metadata': '^0.2.2',
      rxjs: '^7.8.2',
      'ts-jest': '^29.4.0',
      typescript: '6.0.3',
    },
    // The oldest and the newest that README.md names, for each way to resolve modules.
    compilers: [
      { version: '5.0.4', module: 'commonjs', moduleResolution: 'node10' },
      { version: '5.8.3', module: 'nodenext', moduleResolution: 'nodenext' },
      { version: '7.0.2', module: 'nodenext', moduleResolution: 'nodenext' },
      { version: '7.0.2', module: 'commonjs', moduleResolution: 'bundler' },
    ],
  },
  (consumer) => {
    it('runs its tests with the Jest configuration of README.md', async () => {
      await consumer().write({ 'src/app.spec.ts': SPEC });
      const { folder } = consumer();
      const template = { rootDir: 'src', testRegex: '.*\\.spec\\.ts$', testEnvironment: 'node' };
      const config = JSON.stringify({ ...template, ...(await readmeJestConfig()) });
      const jest = join(folder, 'node_modules', 'jest', 'bin', 'jest.js');
      const report = JSON.parse(
        await shell(process.execPath, [jest, '--json', '--config', config], { cwd: folder }),
      ) as { numPassedTests: number; numTotalTests: number };
      expect(report).toMatchObject({ numPassedTests: 1, numTotalTests: 1 });
    }, 120_000);
  },
);
