// node client-process.mjs PORTS [CASE…]: runs the built client on the Node that runs this file, and prints the results as JSON.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { createRequire } from 'node:module';
import { ReadableStream } from 'node:stream/web';
import { fixed, PilotedModule } from '../../../dist/index.js';
import { ServiceHttp, ServiceHttpModule } from '../../../dist/http/index.js';

const { echo, dead, secure, ca } = JSON.parse(process.argv[2]);
const at = (port) => ({ address: '127.0.0.1', port });

class App {}
const app = await NestFactory.createApplicationContext(
  {
    module: App,
    imports: [
      PilotedModule.forRoot({
        registry: fixed({
          web: [{ ...at(echo), ports: { admin: echo } }],
          half: [
            { ...at(echo), id: 'a' },
            { ...at(dead), id: 'b' },
          ],
          'web.internal': [at(secure)],
        }),
        services: ['web', 'half', 'web.internal'],
      }),
      ServiceHttpModule.forRoot(),
    ],
  },
  { logger: false },
);
const http = app.get(ServiceHttp);

const CASES = {
  get: async () => await (await http.fetch('http://web/path?q')).json(),
  post: async () =>
    (await (await http.fetch('http://web/', { method: 'POST', body: 'x'.repeat(100_000) })).json()).bytes,
  namedPort: async () => (await (await http.fetch('http://_admin.web/')).json()).host,
  failover: async () => {
    for (let call = 0; call < 4; call++) {
      const stream = new ReadableStream({
        start: (controller) => {
          controller.enqueue(new Uint8Array(50_000));
          controller.close();
        },
      });
      const { bytes } = await (
        await http.fetch('http://half/', { method: 'POST', body: stream, duplex: 'half' })
      ).json();
      if (bytes !== 50_000) return bytes;
    }
    return 'all bytes arrived';
  },
  redirect: async () => (await (await http.fetch('http://web/redirect')).json()).url,
  unknownRedirect: async () => await http.fetch('http://web/away').catch((error) => error.code),
  unknown: async () => await http.fetch('http://localhost/').catch((error) => error.code),
  abort: async () => {
    const controller = new AbortController();
    const pending = http.fetch('http://web/mute', { signal: controller.signal }).catch((error) => error.name);
    setTimeout(() => controller.abort(), 20);
    return await pending;
  },
  timeout: async () =>
    await http.fetch('http://web/mute', { service: { timeout: 0.05 } }).catch((error) => error.code),
  informational: async () => (await (await http.fetch('http://web/hints')).json()).url,
  dispatcher: async () => (await (await fetch('http://web/', { dispatcher: http.dispatcher })).json()).host,
  dispatcherUnknown: async () =>
    await fetch('http://localhost/', { dispatcher: http.dispatcher }).catch((error) => [
      error.name,
      error.cause.code,
    ]),
  undici: async () => {
    const { request } = createRequire(import.meta.url)('undici');
    const { statusCode, body } = await request('http://half/undici', {
      dispatcher: http.dispatcher,
      method: 'POST',
      body: 'x',
    });
    return [statusCode, (await body.json()).host];
  },
  interceptor: async () => {
    const { Agent, request } = createRequire(import.meta.url)('undici');
    const agent = new Agent();
    const { body } = await request('http://web/', { dispatcher: agent.compose(http.interceptor) });
    const { host } = await body.json();
    await agent.close();
    return host;
  },
  secure: async () => {
    const { Agent } = createRequire(import.meta.url)('undici');
    const agent = new Agent({ connect: { ca } });
    const { request } = createRequire(import.meta.url)('undici');
    const { body } = await request('https://web.internal/', { dispatcher: agent.compose(http.interceptor) });
    const { host, servername } = await body.json();
    await agent.close();
    return [host, servername];
  },
  http2: async () => {
    const { Agent, request } = createRequire(import.meta.url)('undici');
    const agent = new Agent({ allowH2: true, connect: { ca } });
    const { body } = await request('https://web.internal/http2', {
      dispatcher: agent.compose(http.interceptor),
      method: 'POST',
      body: 'x'.repeat(100_000),
    });
    const { version, host, bytes } = await body.json();
    await agent.close();
    return [version, host, bytes];
  },
  webSocket: async () => {
    const { WebSocket } = globalThis;
    if (!WebSocket) return 'no WebSocket in this Node';
    const socket = new WebSocket('ws://web/socket', { dispatcher: http.dispatcher });
    return await new Promise((resolve) => {
      socket.onmessage = ({ data }) => {
        resolve(data);
        socket.close();
      };
      socket.onerror = ({ message }) => resolve(`failed: ${message}`);
      socket.onopen = () => socket.send('hello');
    });
  },
};

const results = {};
const only = process.argv.slice(3);
for (const [name, run] of Object.entries(CASES)) {
  if (only.length > 0 && !only.includes(name)) continue;
  try {
    results[name] = await run();
  } catch (error) {
    results[name] = `${error}: ${error.cause}\n${error.stack}`;
  }
}
console.log(JSON.stringify(results));
await app.close();
process.exit(0);
