import { describeConsumer } from './behaviour.js';

describeConsumer('A fresh Nest 12 application of ES modules', {
  type: 'module',
  dependencies: {
    '@grpc/grpc-js': '1.14.7',
    '@grpc/proto-loader': '0.8.1',
    '@nestjs/common': '12.5.1',
    '@nestjs/core': '12.5.1',
    '@nestjs/microservices': '12.1.1',
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
