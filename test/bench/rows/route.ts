import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { type Endpoint } from '../../../lib/discovery/endpoint.js';
import { PilotedModule } from '../../../lib/piloted/piloted.module.js';
import { Service } from '../../../lib/piloted/service.decorator.js';
import { fixed } from '../../../lib/registries/fixed/fixed.js';
import { type Effort, type Line } from '../measure/line.js';
import { inSlices } from '../measure/slices.js';

/** Requests with 32 callers in a thread of its own; answers with requests a second. */
const CALLERS = `
  const { parentPort } = require('node:worker_threads');
  const http = require('node:http');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
  const get = (url) => new Promise((resolve, reject) => {
    http.get(url, { agent }, (response) => response.resume().on('end', resolve)).on('error', reject);
  });
  parentPort.on('message', async ({ url, ms }) => {
    let requests = 0;
    const start = performance.now();
    await Promise.all(
      Array.from({ length: 32 }, async () => {
        while (performance.now() - start < ms) {
          await get(url);
          requests += 1;
        }
      }),
    );
    parentPort.postMessage(requests / (performance.now() - start) * 1_000);
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

export async function measure(_variant: string, effort: Effort): Promise<readonly Line[]> {
  const app = await NestFactory.create(RoutesModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  const callers = new Worker(CALLERS, { eval: true });
  const rate = async (path: string, ms: number): Promise<number> => {
    callers.postMessage({ url: `http://127.0.0.1:${port}/${path}`, ms });
    const [value] = (await once(callers, 'message')) as [number];
    return value;
  };
  const { ours, floor } = await inSlices(effort, {
    ours: async (ms) => await rate('service', ms),
    floor: async (ms) => await rate('literal', ms),
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
