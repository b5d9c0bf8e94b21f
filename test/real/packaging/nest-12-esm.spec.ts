import { describeConsumer } from './behaviour.js';

describeConsumer('A fresh Nest 12 application of ES modules', {
  type: 'module',
  dependencies: {
    '@nestjs/common': '12.5.1',
    '@nestjs/core': '12.5.1',
    '@nestjs/platform-express': '12.5.1',
    '@types/node': '20.19.43',
    'reflect-metadata': '^0.2.2',
    rxjs: '^7.8.2',
  },
  // The oldest and the newest that README.md names.
  compilers: [
    { version: '5.0.4', module: 'nodenext', moduleResolution: 'nodenext' },
    { version: '7.0.2', module: 'nodenext', moduleResolution: 'nodenext' },
    { version: '7.0.2', module: 'esnext', moduleResolution: 'bundler' },
  ],
});
