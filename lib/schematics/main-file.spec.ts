import ts from 'typescript';
import { addShutdownHooks } from './main-file.js';

const CREATE = 'const app = await NestFactory.create(AppModule);';
const HOOKS = `// Deregisters before the server closes. PilotedModule refreshes its lists on SIGHUP.
  app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
`;

function main(...body: readonly string[]): string {
  return `async function bootstrap() {\n${body.map((line) => `  ${line}\n`).join('')}}\n`;
}

describe('addShutdownHooks', () => {
  it.each([
    [
      'a condition without braces',
      [CREATE],
      ['if (process.env.PORT) await app.listen(80);', 'else await app.listen(3000);'],
    ],
    ['a return', [CREATE], ['return app.listen(3000);']],
    ['a list', [CREATE], ['await Promise.all([other(), app.listen(3000)]);']],
    [
      'an assignment',
      ['let app;', 'app = await NestFactory.create(AppModule);'],
      ['await app.listen(3000);'],
    ],
    ['a function of its own', ['const app = await create();'], ['await app.listen(3000);']],
    [
      'a file where another server listens first',
      [CREATE, 'createServer().listen(80);', 'other.listen(81);'],
      ['await app.listen(3000);'],
    ],
  ])('adds the hooks in front of app.listen() in %s', (_name, before, after) => {
    const { text, notes } = addShutdownHooks(ts, main(...before, ...after));
    const [first = '', ...rest] = after;
    expect(text).toBe(main(...before, `${HOOKS}  ${first}`, ...rest));
    expect(notes).toEqual([]);
  });

  it.each([
    ['a callback', ['void NestFactory.create(AppModule).then((app) => app.listen(3000));']],
    ['a chain', ['await (await NestFactory.create(AppModule)).listen(3000);']],
    ['a function', [CREATE, 'const start = () => app.listen(3000);', 'await start();']],
    ['a loop', ['for (const app of await all()) await app.listen(3000);']],
    ['an optional chain', ['const app = await create();', 'await app?.listen(3000);']],
    [
      'another server',
      ['const server = express();', CREATE, 'await app.init();', 'createServer(server).listen(80);'],
    ],
  ])('leaves a file alone with listen() in %s, and says what to do', (_name, body) => {
    const { text, notes } = addShutdownHooks(ts, main(...body));
    expect(text).toBe(main(...body));
    expect(notes).toEqual([
      "main.ts has no app.listen() in a statement of its own: call app.enableShutdownHooks(['SIGTERM', 'SIGINT']) where the application is created.",
    ]);
  });
});
