import { type CanActivate, type ExecutionContext } from '@nestjs/common';
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { DiscoveryService, Sidekick } from '../../../lib/index.js';
import { longestTask, startBrowser } from '../../harness/browser.js';
import { until } from '../../harness/wait.js';
import { dashboardApplication, type DashboardApplication } from './application.js';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const HOSTILE = '<script>document.title="owned"</script><img src=x onerror="document.title=1">';

/** Ten times the figure of 200 ms for the longest task of the page. */
const LIMIT_MS = 2_000;

/** For one step of a browser on a busy machine. */
const PATIENCE_MS = 120_000;

let browser: Browser;
let axe: string;
let applications: DashboardApplication[] = [];
let pages: Page[] = [];
let problems: string[] = [];

beforeAll(async () => {
  [browser, axe] = await Promise.all([startBrowser(), readFile(AXE, 'utf8')]);
});

afterEach(async () => {
  await Promise.all(pages.map((page) => page.context().close()));
  await Promise.all(applications.map(({ close }) => close()));
  [pages, applications, problems] = [[], [], []];
});

afterAll(async () => {
  await browser.close();
});

async function start(...args: Parameters<typeof dashboardApplication>): Promise<DashboardApplication> {
  const application = await dashboardApplication(...args);
  applications.push(application);
  return application;
}

/** Opens the page in a browser context of its own. */
async function open({ url }: DashboardApplication, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await (await browser.newContext(options)).newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  pages.push(page);
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(`${url}/sidekick`);
  return page;
}

const row = (page: Page, id: string) => page.getByRole('rowheader', { name: id, exact: true });

describe('the page in a browser', () => {
  it('shows services, endpoints and registrations, and follows them', async () => {
    const application = await start();
    const page = await open(application);
    await row(page, 'web-1').waitFor();
    expect(await page.title()).toBe('gateway');
    await application.register('web-9', { zone: 'eu-1', tags: ['blue'] });
    await row(page, 'web-9').waitFor();
    await page.getByText(/added web-9; now 2/).waitFor();
    const cells = await page
      .getByRole('row')
      .filter({ has: row(page, 'web-9') })
      .getByRole('cell')
      .allInnerTexts();
    expect(cells.map((text) => text.trim())).toEqual(['10.0.0.1:80', 'active', 'eu-1', '1', '0', '–', '–']);
    expect(problems).toEqual([]);
  });

  it('keeps an open section, the focus and the filter when something changes', async () => {
    const application = await start();
    const page = await open(application);
    await row(page, 'web-1').waitFor();
    await page.getByRole('searchbox').fill('web-1');
    await page.locator('summary').click();
    await application.register('web-10');
    await page.getByText(/added web-10; now 2/).waitFor();
    expect(await page.getByRole('searchbox').inputValue()).toBe('web-1');
    expect(await page.locator('details').getAttribute('open')).toBeNull();
    await page.locator('summary').click();
    await row(page, 'web-10').waitFor();
    await page.getByRole('searchbox').fill('nothing like it');
    await page.getByText('Nothing matches the filter.').waitFor();
  });

  it('shows hostile names of a registry as text', async () => {
    const application = await start();
    const page = await open(application);
    const web = application.app.get(Sidekick);
    await web.announce({
      name: 'web',
      id: 'evil',
      address: '10.0.0.1',
      port: 80,
      zone: HOSTILE,
      tags: [`\u202e${HOSTILE}`],
    });
    await row(page, 'evil').waitFor();
    expect(await page.getByRole('cell', { name: '<script>' }).innerText()).toBe(HOSTILE);
    expect(await row(page, 'evil').getAttribute('title')).toContain('\\u202e');
    expect(await page.title()).toBe('gateway');
    expect(problems).toEqual([]);
  });

  it('asks for a token, and keeps it over a reload', async () => {
    const guard: CanActivate = {
      canActivate: (context: ExecutionContext) =>
        context.switchToHttp().getRequest<{ headers: { authorization?: string } }>().headers.authorization ===
        'Bearer letmein',
    };
    const page = await open(await start({ guards: [guard] }));
    await page.getByLabel(/token/i).fill('wrong');
    await page.getByRole('button').click();
    await page.getByText('The token has no access').waitFor();
    await page.getByLabel(/token/i).fill('letmein');
    await page.getByRole('button').click();
    await row(page, 'web-1').waitFor();
    await page.reload();
    await row(page, 'web-1').waitFor();
  });

  it('says so when the server is gone, and keeps what it knows', async () => {
    const application = await start();
    const page = await open(application);
    await row(page, 'web-1').waitFor();
    await application.close();
    applications = [];
    await page.getByText('This page is out of date.').waitFor();
    expect(await row(page, 'web-1').isVisible()).toBe(true);
  });

  it('names a proxy that answers the stream with its sign-in page', async () => {
    const page = await open(
      await start({
        prepare: (app) => {
          const answer = (_request: IncomingMessage, response: ServerResponse): void => {
            response.setHeader('content-type', 'text/html').end('<form>Sign in</form>');
          };
          app.use('/sidekick/events', answer);
        },
      }),
    );
    await page.getByText('Got text/html instead of events').waitFor();
  });

  it.each([
    [360, 'light'],
    [360, 'dark'],
    [1440, 'light'],
    [1440, 'dark'],
  ] as const)(
    'has no problem of accessibility at %d px, %s, and does not scroll sideways',
    async (width, colorScheme) => {
      const application = await start();
      const page = await open(application, { viewport: { width, height: 900 }, colorScheme });
      const web = application.app.get(DiscoveryService).of('web');
      for (let call = 0; call < 5; call++) web.start(web.pick()).done();
      await application.register(`web-${'long-'.repeat(40)}`);
      await page.getByText(/now 2/).waitFor();
      const found = await page.evaluate(
        `${axe}; axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map((n) => n.html).join(' ')))`,
      );
      expect(found).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    },
  );

  it('shows 1,000 endpoints that change without a long pause', async () => {
    const application = await start();
    const sidekick = application.app.get(Sidekick);
    await Promise.all(Array.from({ length: 1_000 }, (_, index) => application.register(`many-${index}`)));
    const page = await open(application);
    await row(page, 'many-999').waitFor();
    let more = 0;
    const longest = await longestTask(page, LIMIT_MS, async () => {
      for (const end = more + 20; more < end; more++)
        await sidekick.announce({ name: 'web', id: `more-${more}`, address: '10.0.0.2', port: 80 });
      await row(page, `more-${more - 1}`).waitFor();
    });
    expect(longest).toBeLessThan(LIMIT_MS);
    const rows = page.locator('tbody tr');
    await until('the page to be up to date', async () => (await rows.count()) === 1_001 + more);
  });
});
