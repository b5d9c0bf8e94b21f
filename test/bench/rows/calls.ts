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
import { alternate } from '../measure/alternate.js';
import { type CallOnce, latency, rate } from '../measure/callers.js';
import { type Effort, type Line } from '../measure/line.js';

/** A server in a thread of its own, so that its work is not measured. */
const SERVER = `
  const { parentPort } = require('node:worker_threads');
  require('node:http')
    .createServer((request, response) => request.resume().on('end', () => response.end('ok')))
    .listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port); });
`;

interface Calls {
  readonly what: string;
  readonly floorName: string;
  readonly floor: CallOnce;
  readonly ours: CallOnce;
}

/** Calls a second of 32 callers, then the latency of one. */
async function compare({ what, floorName, floor, ours }: Calls, effort: Effort): Promise<Line[]> {
  const calls = effort.quick ? 800 : 3_000;
  const rates = await alternate(effort.rounds, {
    ours: async () => await rate(calls, ours),
    floor: async () => await rate(calls, floor),
  });
  const lines: Line[] = [
    {
      what,
      unit: 'calls/s',
      ours: rates.ours,
      floor: { name: floorName, values: rates.floor },
      goal: { of: 'ratio', atLeast: 0.95 },
    },
  ];
  for (const [name, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const) {
    const values = await alternate(effort.rounds, {
      ours: async () => await latency(calls / 4, share, ours),
      floor: async () => await latency(calls / 4, share, floor),
    });
    lines.push({
      what: `${what}, latency ${name}`,
      unit: 'ms',
      ours: values.ours,
      floor: { name: floorName, values: values.floor },
    });
  }
  return lines;
}

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

  const all: Readonly<Record<string, Calls>> = {
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
  const lines = await compare(all[variant]!, effort);
  services.close();
  agent.destroy();
  handles.close();
  await cache.close();
  await worker.terminate();
  return lines;
}
