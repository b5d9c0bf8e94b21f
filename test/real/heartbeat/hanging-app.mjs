/** An application whose event loop can be told to hang: `block MS` on standard input; ends with its input. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Sidekick, SidekickModule } from 'nestjs-sidekick';
import { createInterface } from 'node:readline';

const options = JSON.parse(process.argv[2]);

class AppModule {}
Module({
  imports: [SidekickModule.forRoot({ ...options, logger: { log() {}, warn() {}, error: console.error } })],
})(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
app.get(Sidekick).events.subscribe(({ type, reason }) => console.log(`event ${reason ?? type}`));
console.log('ready');
for await (const line of createInterface(process.stdin)) {
  const [command, argument] = line.split(' ');
  if (command === 'block') {
    const until = performance.now() + Number(argument);
    while (performance.now() < until);
    console.log('unblocked');
  } else if (command === 'value') {
    await app.get(Sidekick).value(argument);
    console.log('written');
  } else if (command === 'beats') console.log(`beats ${JSON.stringify(app.get(Sidekick).beats)}`);
}
await app.close();
