import { type Client, credentials, loadPackageDefinition, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { type ClientProxy, ClientProxyFactory, Transport } from '@nestjs/microservices';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { lastValueFrom } from 'rxjs';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { ServiceCache } from '../../../lib/discovery/service-cache.js';
import { grpcService } from '../../../lib/grpc/index.js';
import { tcpService } from '../../../lib/microservices/index.js';
import { ServiceHandles } from '../../../lib/piloted/service-handles.js';
import { fixed } from '../../../lib/registries/fixed/fixed.js';
import { compareCalls } from '../measure/callers.js';
import { type Effort, type Line } from '../measure/line.js';

const PROTO = fileURLToPath(new URL('../../real/rpc/hero.proto', import.meta.url));

/** Servers in a thread of their own, so that their work is not measured. */
const SERVERS = `
  const { parentPort, workerData } = require('node:worker_threads');
  const grpc = require('@grpc/grpc-js');
  const definition = require('@grpc/proto-loader').loadSync(workerData);
  const { HeroService } = grpc.loadPackageDefinition(definition).hero;
  const server = new grpc.Server();
  server.addService(HeroService.service, { FindOne: (call, answer) => answer(null, { instance: 'one' }) });
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (_error, grpcPort) => {
    const tcp = require('node:net').createServer((socket) => {
      let text = '';
      socket.on('data', (data) => {
        text += data;
        for (;;) {
          const start = text.indexOf('#') + 1;
          const end = start + Number(text.slice(0, Math.max(0, start - 1)));
          if (start === 0 || text.length < end) return;
          const { id } = JSON.parse(text.slice(start, end));
          text = text.slice(end);
          const answer = JSON.stringify({ id, response: 'one', isDisposed: true });
          socket.write(answer.length + '#' + answer);
        }
      });
    });
    tcp.listen(0, '127.0.0.1', () => parentPort.postMessage({ grpcPort, tcpPort: tcp.address().port }));
  });
`;

interface HeroClient extends Client {
  findOne(request: object, callback: (error: ServiceError | null, hero: unknown) => void): void;
}

/** `grpc`, `tcp`. */
export async function measure(variant: string, effort: Effort): Promise<readonly Line[]> {
  const worker = new Worker(SERVERS, { eval: true, workerData: PROTO });
  const [{ grpcPort, tcpPort }] = (await once(worker, 'message')) as [{ grpcPort: number; tcpPort: number }];

  const cache = new ServiceCache({ clock: systemClock, random: Math.random, logger: silentLogger });
  const handles = new ServiceHandles({
    cache,
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
    balancer: 'round-robin',
    bootTimeout: 5,
  });
  const source = fixed({ hero: [`127.0.0.1:${grpcPort}`], tcp: [`127.0.0.1:${tcpPort}`] });
  await cache.start(await source.open({ clock: systemClock, random: Math.random, logger: silentLogger }));
  // Outlier detection and retry are on by default.
  await Promise.all([handles.of('hero').ready(), handles.of('tcp').ready()]);

  const { hero } = loadPackageDefinition(loadSync(PROTO)) as unknown as {
    hero: { HeroService: new (target: string, creds: object, options?: object) => HeroClient };
  };
  const { url, channelOptions } = grpcService(handles.of('hero'), {
    package: 'hero',
    protoPath: PROTO,
  }).options;
  const fixedGrpc = new hero.HeroService(`127.0.0.1:${grpcPort}`, credentials.createInsecure());
  const namedGrpc = new hero.HeroService(String(url), credentials.createInsecure(), channelOptions);
  const find = (client: HeroClient) => async (): Promise<unknown> =>
    await new Promise((resolve, reject) => {
      client.findOne({}, (error, answer) => {
        if (error) reject(error);
        else resolve(answer);
      });
    });

  const fixedTcp = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port: tcpPort },
  });
  const namedTcp = ClientProxyFactory.create(tcpService(handles.of('tcp')));
  const send = (client: ClientProxy) => async (): Promise<unknown> =>
    await lastValueFrom(client.send('find', {}));

  const common = { atLeast: 0.97 };
  const lines = await compareCalls(
    variant === 'grpc'
      ? {
          ...common,
          what: 'unary gRPC by `grpcService`',
          floorName: 'grpc-js, a fixed address',
          floor: find(fixedGrpc),
          ours: find(namedGrpc),
        }
      : {
          ...common,
          what: 'message by `tcpService`',
          floorName: "Nest's TCP client",
          floor: send(fixedTcp),
          ours: send(namedTcp),
        },
    effort,
  );
  for (const client of [fixedGrpc, namedGrpc, fixedTcp, namedTcp]) client.close();
  handles.close();
  await cache.close();
  await worker.terminate();
  return lines;
}
