import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { type Endpoint } from '../../../lib/discovery/endpoint.js';
import { PilotedModule } from '../../../lib/piloted/piloted.module.js';
import { Service } from '../../../lib/piloted/service.decorator.js';
import { fixed } from '../../../lib/registries/fixed/fixed.js';
import { alternate } from '../measure/alternate.js';
import { type Effort, type Line } from '../measure/line.js';

/** Requests with 32 callers in a thread of its own; answers with requests a second. */
const CALLERS = `
  const { parentPort } = require('node:worker_threads');
  const http = require('node:http');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
  const get = (url) => new Promise((resolve, reject) => {
    http.get(url, { agent }, (response) => response.resume().on('end', resolve)).on('error', reject);
  });
  parentPort.on('message', async ({ url, requests }) => {
    let left = requests;
    const start = process.hrtime.bigint();
    await Promise.all(Array.from({ length: 32 }, async () => { while (left-- > 0) await get(url); }));
    parentPort.postMessage(requests / Number(process.hrtime.bigint() - start) * 1e9);
  });
`;

const ADDRESSES = ['10.0.0.1:8000', '10.0.0.2:8000', '10.0.0.3:8000'];

@Controller()
class RoutesController {
  @Get('service')
  service(@Service('billing') endpoint: Endpoint): string {
    return endpoint.address;
  }

  @Get('literal')
  literal(): string {
    return '10.0.0.1';
  }
}

@Module({
  imports: [PilotedModule.forRoot({ registry: fixed({ billing: ADDRESSES }), services: ['billing'] })],
  controllers: [RoutesController],
})
class RoutesModule {}

export async function measure(_variant: string, { rounds, quick }: Effort): Promise<readonly Line[]> {
  const app = await NestFactory.create(RoutesModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  const callers = new Worker(CALLERS, { eval: true });
  const requests = quick ? 1_000 : 8_000;
  const rate = async (path: string): Promise<number> => {
    callers.postMessage({ url: `http://127.0.0.1:${port}/${path}`, requests });
    const [value] = (await once(callers, 'message')) as [number];
    return value;
  };
  await rate('literal');
  const { ours, floor } = await alternate(rounds, {
    ours: async () => await rate('service'),
    floor: async () => await rate('literal'),
  });
  await callers.terminate();
  await app.close();
  return [
    {
      what: 'a route with a parameter `@Service`',
      unit: 'requests/s',
      ours,
      floor: { name: 'the same route with a literal', values: floor },
      goal: { of: 'ratio', atLeast: 0.97 },
    },
  ];
}
