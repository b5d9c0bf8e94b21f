import { Test } from '@nestjs/testing';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPage } from '../../scripts/prepare/build.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Below the repository, so that packages are found. */
const FOLDER = join(ROOT, '.cache', `docs-run-${process.pid}`);

const BLOCK = /(?:^<!-- given:\s(.*?)-->\n\n)?^```ts\n((?:\/\/ (src\/\S+\.ts)\n)?.*?)^```$/gms;

/** An application of a page: the file with its root module. */
interface Shown {
  readonly page: string;
  readonly line: number;
  readonly file: string;
}

/** The folder of a path that an application imports from this package. */
function source(subpath: string | undefined): string {
  if (subpath === undefined) return 'index.ts';
  return ['consul', 'dns'].includes(subpath) ? `registries/${subpath}/index.ts` : `${subpath}/index.ts`;
}

/** The code with this package's sources in place of its name, and with a registry in memory in place of a server. */
function runnable(code: string, file: string): string {
  return code
    .replaceAll(/from 'nestjs-sidekick(?:\/(\w+))?'/g, (_, subpath?: string) => {
      const path = relative(dirname(file), join(ROOT, 'lib', source(subpath)));
      return `from '${path.replaceAll('\\', '/').replace(/\.ts$/, '.js')}'`;
    })
    .replaceAll("'file:'", "'memory:other'")
    .replaceAll(/'(?:etcds?|consuls?):\/\/[^']*'/g, "'memory:'");
}

/** Writes the blocks of a page, and returns those that show a whole application. */
function applications(page: string): Shown[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(BLOCK)].flatMap((match) => {
    const [, given = '', code = '', name] = match;
    const line = text.slice(0, match.index).split('\n').length;
    const file = join(FOLDER, page.replace(/\W/g, '-'), name ?? `line-${line}.ts`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, runnable(code, file));
    return code.includes('export class AppModule') && !given.includes('declare ')
      ? [{ page, line, file }]
      : [];
  });
}

const pages = readdirSync(join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);
const shown = ['README.md', ...pages].flatMap(applications);

describe('The applications of the documentation', () => {
  const before = process.env.SIDEKICK_REGISTRY;

  beforeAll(async () => {
    await buildPage(ROOT);
    process.env.SIDEKICK_REGISTRY = 'memory:docs-run';
  });
  afterAll(() => {
    if (before === undefined) delete process.env.SIDEKICK_REGISTRY;
    else process.env.SIDEKICK_REGISTRY = before;
    rmSync(FOLDER, { recursive: true, force: true });
  });

  it('are found', () => {
    expect(shown.length).toBeGreaterThan(8);
  });

  it.each(shown)('$page:$line boots and ends on a registry in memory', async ({ file }) => {
    const { AppModule } = (await import(file)) as { AppModule: new () => object };
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app = module.createNestApplication({ logger: false });
    await app.init();
    await app.close();
  });
});
