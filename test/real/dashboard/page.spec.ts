import { type Browser, type Page } from 'playwright-core';
import { startBrowser } from '../../harness/browser.js';
import { type DashboardApplication, dashboardApplication } from './application.js';

describe('the page in a browser', () => {
  let browser: Browser;
  let application: DashboardApplication;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    [browser, application] = await Promise.all([startBrowser(), dashboardApplication()]);
  }, 90_000);

  beforeEach(async () => {
    problems.length = 0;
    page = await browser.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
  });

  afterEach(async () => {
    await page.close();
  });

  afterAll(async () => {
    await browser.close();
    await application.close();
  });

  it('shows services, endpoints and registrations, and follows them', async () => {
    await page.goto(`${application.url}/sidekick`);
    await page.getByRole('rowheader', { name: 'web-1' }).waitFor();
    expect(await page.title()).toBe('gateway');
    await application.register('web-9');
    await page.getByRole('rowheader', { name: 'web-9' }).waitFor();
    expect(problems).toEqual([]);
  });
});
