// A server of hero.proto and of Nest's TCP transport that registers itself: rpc-server.ts <registry> <id>
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod, MessagePattern, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '../../../lib/common/logger.js';
import { SidekickModule } from '../../../lib/index.js';
import { freePorts } from '../../harness/ports.js';
import { sleep } from '../../harness/wait.js';

const [registry = '', id = ''] = process.argv.slice(2);
const protoPath = fileURLToPath(new URL('../../real/rpc/hero.proto', import.meta.url));
const [grpc, tcp] = (await freePorts(2)) as [number, number];

/** Milliseconds of work, so that all callers have a call under way at any moment, and leave time to the servers. */
const WORK_MS = 100;

async function answer(): Promise<object> {
  await sleep(WORK_MS);
  return { instance: id };
}

@Controller()
class HeroController {
  @GrpcMethod('HeroService', 'FindOne')
  findOne(): Promise<object> {
    return answer();
  }

  @MessagePattern('find')
  find(): Promise<object> {
    return answer();
  }
}

@Module({
  imports: [
    SidekickModule.forRoot({
      registry,
      ttl: 3,
      drain: 1,
      logger: silentLogger,
      service: { name: 'hero', id, address: '127.0.0.1', ports: { grpc, tcp } },
    }),
  ],
  controllers: [HeroController],
})
class ServerModule {}

const app = await NestFactory.create(ServerModule, { logger: false });
app.connectMicroservice<MicroserviceOptions>({
  transport: Transport.GRPC,
  options: { package: 'hero', protoPath, url: `127.0.0.1:${grpc}`, gracefulShutdown: true },
});
app.connectMicroservice<MicroserviceOptions>({
  transport: Transport.TCP,
  options: { host: '127.0.0.1', port: tcp },
});
app.enableShutdownHooks();
await app.startAllMicroservices();
await app.listen(0, '127.0.0.1');
process.send?.('up');
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
