import { describeConsumer } from './behaviour.js';

describeConsumer(
  'A fresh Nest 11 application of CommonJS modules',
  {
    type: 'commonjs',
    dependencies: {
      '@nestjs/common': '11.2.10',
      '@nestjs/core': '11.2.10',
      '@nestjs/platform-express': '11.2.10',
      '@nestjs/schedule': '^6.0.0',
      '@types/node': '20.19.43',
      'reflect-metadata': '^0.2.2',
      rxjs: '^7.8.2',
    },
    // The oldest and the newest that README.md names, for each way to resolve modules.
    compilers: [
      { version: '5.0.4', module: 'commonjs', moduleResolution: 'node10' },
      { version: '5.8.3', module: 'nodenext', moduleResolution: 'nodenext' },
      { version: '7.0.2', module: 'nodenext', moduleResolution: 'nodenext' },
      { version: '7.0.2', module: 'commonjs', moduleResolution: 'bundler' },
    ],
  },
  // CommonJS has no `await` at the top of a file.
  {
    'src/main.ts': `
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

async function bootstrap(): Promise<void> {
  const app = await NestFactory.create(AppModule);
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000);
}
void bootstrap();
`,
  },
);
