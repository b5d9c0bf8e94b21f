import { once } from 'node:events';
import { connect, type Server, type Socket } from 'node:net';
import { type Browser } from 'playwright-core';
import { type AnnouncedService, DiscoveryService, Sidekick } from '../../../lib/index.js';
import { REFRESH_INTERVAL_MS } from '../../../lib/dashboard/dashboard-streams.js';
import { longestTask, startBrowser } from '../../harness/browser.js';
import { monotonic, sleep, until } from '../../harness/wait.js';
import { dashboardApplication, type DashboardApplication, openStream } from './application.js';

/** Endpoints in the list. */
const ENDPOINTS = 1_000;

/** Readers that never read. */
const READERS = 10;

/** Seconds of changes in the browser. The guarantee is for 60. */
const SECONDS = Number(process.env.PAGE_SECONDS ?? 5);

/** Changes a second. */
const RATE = 20;

/** Ten times the figure of 200 ms for the longest task of the page. */
const LIMIT_MS = 2_000;

let application: DashboardApplication;
/** The server's side of each connection. */
const connections = new Set<Socket>();

beforeAll(async () => {
  application = await dashboardApplication({
    prepare: (app) => {
      (app.getHttpServer() as Server).on('connection', (socket) => {
        connections.add(socket);
        socket.once('close', () => connections.delete(socket));
      });
    },
  });
  await Promise.all(Array.from({ length: ENDPOINTS }, (_, n) => application.register(`many-${n}`)));
});
afterAll(async () => {
  await application.close();
});

/** Makes `count` changes, `RATE` a second: instances come and go. */
async function change(count: number): Promise<void> {
  const sidekick = application.app.get(Sidekick);
  const begun = monotonic();
  let last: AnnouncedService | undefined;
  for (let n = 0; n < count; n += 1) {
    if (last) await last.stop();
    last = last
      ? undefined
      : await sidekick.announce({ name: 'web', id: `more-${n}`, address: '10.0.0.2', port: 80 });
    await sleep(Math.max(0, begun + (n * 1_000) / RATE - monotonic()));
  }
  await last?.stop();
}

it(`keeps at most two messages for a reader that does not read, once the buffers of the system are full`, async () => {
  const { hostname, port } = new URL(application.url);
  const readers = await Promise.all(
    Array.from({ length: READERS }, async () => {
      const reader = connect(Number(port), hostname).pause();
      await once(reader, 'connect');
      reader.write('GET /sidekick/events HTTP/1.1\r\nHost: page\r\n\r\n');
      return reader;
    }),
  );
  const web = application.app.get(DiscoveryService).of('web');
  /** Changes every row. */
  const callAll = (): void => {
    for (const endpoint of web.endpoints) web.start(endpoint).done();
  };
  let sent = 0;
  const takeNoMore = async (): Promise<boolean> => {
    const before = sent;
    for (let n = 0; n < 4; n += 1) {
      callAll();
      await sleep(REFRESH_INTERVAL_MS);
    }
    sent = [...connections].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
    return before > 0 && sent === before;
  };
  await until('the connections to take no more', takeNoMore, { deadline: 150_000 });
  const message = Buffer.byteLength(
    JSON.stringify(await (await openStream(`${application.url}/sidekick/events`)).read()),
  );
  for (let n = 0; n < 12; n += 1) {
    callAll();
    await sleep(REFRESH_INTERVAL_MS);
    // The numbers of a row get longer with each call.
    for (const { writableLength } of connections) expect(writableLength).toBeLessThanOrEqual(2.2 * message);
  }
  for (const reader of readers) reader.destroy();
  await until('the connections to end', () => connections.size === 0);
});

describe(`${RATE} changes a second in a browser with ${ENDPOINTS} endpoints`, () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });

  it('cause no long pause, and do not fill its memory', async () => {
    const page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(120_000);
    const devTools = await page.context().newCDPSession(page);
    await page.goto(`${application.url}/sidekick`);
    await page.getByRole('rowheader', { name: `many-${ENDPOINTS - 1}`, exact: true }).waitFor();
    const changeFor = async (seconds: number): Promise<void> => {
      await change(seconds * RATE);
      const rows = page.locator('tbody tr');
      await until('the page to be up to date', async () => (await rows.count()) === ENDPOINTS + 1);
    };
    const heap = async (): Promise<number> => {
      await devTools.send('HeapProfiler.collectGarbage');
      return (await devTools.send('Runtime.getHeapUsage')).usedSize;
    };
    await changeFor(2);
    const before = await heap();
    const longest = await longestTask(page, LIMIT_MS, () => changeFor(SECONDS));
    const growth = (await heap()) / before;
    if (process.env.PAGE_SECONDS !== undefined) console.log({ before, growth, longest });
    expect(longest).toBeLessThan(LIMIT_MS);
    // The journal fills up to its 500 lines.
    expect(growth).toBeLessThan(1.5);
  });
});
