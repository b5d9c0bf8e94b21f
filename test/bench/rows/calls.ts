import axios from 'axios';
import { once } from 'node:events';
import http from 'node:http';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { ServiceCache } from '../../../lib/discovery/service-cache.js';
import { Routes } from '../../../lib/http/routes.js';
import { ServiceHttp } from '../../../lib/http/service-http.js';
import { ServiceHandles } from '../../../lib/piloted/service-handles.js';
import { fixed } from '../../../lib/registries/fixed/fixed.js';
import { type Calls, compareCalls } from '../measure/callers.js';
import { type Effort, type Line } from '../measure/line.js';

/** A server in a thread of its own, so that its work is not measured. */
const SERVER = `
  const { parentPort } = require('node:worker_threads');
  require('node:http')
    .createServer((request, response) => request.resume().on('end', () => response.end('ok')))
    .listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port); });
`;

export async function measure(variant: string, effort: Effort): Promise<readonly Line[]> {
  const worker = new Worker(SERVER, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  const origin = `http://127.0.0.1:${port}/`;
  const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
  const cache = new ServiceCache(deps);
  const handles = new ServiceHandles({ ...deps, cache, balancer: 'round-robin', bootTimeout: 5 });
  const source = fixed({ web: [`127.0.0.1:${port}`] });
  await cache.start(await source.open(deps));
  // Outlier detection and retry are on by default.
  await handles.of('web').ready();
  const services = new ServiceHttp({
    routes: new Routes(handles, false),
    clock: systemClock,
    timeout: undefined,
  });
  const agent = new http.Agent({ keepAlive: true });
  const direct = axios.create({ httpAgent: agent, proxy: false });
  const named = axios.create({ httpAgent: agent, adapter: services.axiosAdapter });
  const post = { method: 'POST', body: 'x'.repeat(1_000) };

  const all: Readonly<Record<string, Pick<Calls, 'what' | 'floorName' | 'floor' | 'ours'>>> = {
    get: {
      what: 'GET by `ServiceHttp.fetch`',
      floorName: 'global fetch',
      floor: async () => await (await fetch(origin)).text(),
      ours: async () => await (await services.fetch('http://web/')).text(),
    },
    post: {
      what: 'POST of 1 kB by `ServiceHttp.fetch`',
      floorName: 'global fetch',
      floor: async () => await (await fetch(origin, post)).text(),
      ours: async () => await (await services.fetch('http://web/', post)).text(),
    },
    axios: {
      what: 'GET by axios with `axiosAdapter`',
      floorName: 'axios',
      floor: async () => await direct.get(origin),
      ours: async () => await named.get('http://web/'),
    },
  };
  const lines = await compareCalls({ ...all[variant]!, atLeast: 0.95 }, effort);
  services.close();
  agent.destroy();
  handles.close();
  await cache.close();
  await worker.terminate();
  return lines;
}
