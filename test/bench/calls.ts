// npm run bench -- --only calls
import axios from 'axios';
import { once } from 'node:events';
import http from 'node:http';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../../lib/common/clock.js';
import { silentLogger } from '../../lib/common/logger.js';
import { ServiceCache } from '../../lib/discovery/service-cache.js';
import { Routes } from '../../lib/http/routes.js';
import { ServiceHttp } from '../../lib/http/service-http.js';
import { ServiceHandles } from '../../lib/piloted/service-handles.js';
import { fixed } from '../../lib/registries/fixed/fixed.js';
import { median } from './median.js';

const CALLS = 1_500;
const CALLERS = 32;
const ROUNDS = 7;

/** A server in a thread of its own, so that its work is not measured. */
const SERVER = `
  const { parentPort } = require('node:worker_threads');
  require('node:http')
    .createServer((request, response) => request.resume().on('end', () => response.end('ok')))
    .listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port); });
`;

type CallOnce = () => Promise<unknown>;

/** Calls a second. */
async function rate(call: CallOnce): Promise<number> {
  let left = CALLS;
  const start = process.hrtime.bigint();
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (left-- > 0) await call();
    }),
  );
  return (CALLS / Number(process.hrtime.bigint() - start)) * 1e9;
}

interface Row {
  readonly what: string;
  readonly floor: number;
  readonly ours: number;
  readonly ratio: number;
}

async function compare(what: string, floor: CallOnce, ours: CallOnce): Promise<Row> {
  await rate(floor);
  await rate(ours);
  const rounds: { floor: number; ours: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // The second run has warmer caches, so the order alternates.
    const first = round % 2 === 0;
    const one = await rate(first ? floor : ours);
    const two = await rate(first ? ours : floor);
    rounds.push(first ? { floor: one, ours: two } : { floor: two, ours: one });
  }
  return {
    what,
    floor: median(rounds.map((round) => round.floor)),
    ours: median(rounds.map((round) => round.ours)),
    ratio: median(rounds.map((round) => round.ours / round.floor)),
  };
}

const worker = new Worker(SERVER, { eval: true });
const [port] = (await once(worker, 'message')) as [number];
const origin = `http://127.0.0.1:${port}/`;

const cache = new ServiceCache({ clock: systemClock, random: Math.random, logger: silentLogger });
const handles = new ServiceHandles({
  cache,
  clock: systemClock,
  random: Math.random,
  logger: silentLogger,
  balancer: 'round-robin',
  bootTimeout: 5,
});
const source = fixed({ web: [`127.0.0.1:${port}`] });
await cache.start(await source.open({ clock: systemClock, random: Math.random, logger: silentLogger }));
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

const rows = [
  await compare(
    'GET by `ServiceHttp.fetch` against global fetch',
    async () => await (await fetch(origin)).text(),
    async () => await (await services.fetch('http://web/')).text(),
  ),
  await compare(
    'POST of 1 kB by `ServiceHttp.fetch` against global fetch',
    async () => await (await fetch(origin, { method: 'POST', body: 'x'.repeat(1_000) })).text(),
    async () =>
      await (await services.fetch('http://web/', { method: 'POST', body: 'x'.repeat(1_000) })).text(),
  ),
  await compare(
    'GET by axios with `axiosAdapter` against axios',
    async () => await direct.get(origin),
    async () => await named.get('http://web/'),
  ),
];

console.log(`| ${CALLERS} callers, one server | calls/s without | calls/s with | with / without |`);
console.log('| --- | --- | --- | --- |');
for (const { what, floor, ours, ratio } of rows)
  console.log(`| ${what} | ${floor.toFixed(0)} | ${ours.toFixed(0)} | ${ratio.toFixed(2)} |`);

services.close();
agent.destroy();
handles.close();
await cache.close();
await worker.terminate();
