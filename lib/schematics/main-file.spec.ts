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

  it('adds the hooks to each of two applications, also of one name', () => {
    const two = [
      'const api = await NestFactory.create(AppModule);',
      'const admin = await NestFactory.create(AdminModule);',
    ];
    const { text, notes } = addShutdownHooks(
      ts,
      main(...two, 'await api.listen(80);', 'await admin.listen(81);') +
        main(CREATE, 'await app.listen(82);'),
    );
    const hooks = (name: string): string => HOOKS.replace('app.', `${name}.`);
    expect(text).toBe(
      main(...two, `${hooks('api')}  await api.listen(80);`, `${hooks('admin')}  await admin.listen(81);`) +
        main(CREATE, `${HOOKS}  await app.listen(82);`),
    );
    expect(notes).toEqual([]);
    expect(addShutdownHooks(ts, text)).toEqual({ text, notes: [] });
  });

  it('names the one of two applications whose hooks are left to do', () => {
    const api = ['const api = await NestFactory.create(AppModule);', 'api.enableShutdownHooks();'];
    const rest = [
      'await api.listen(80);',
      'const jobs = await NestFactory.createApplicationContext(JobsModule);',
    ];
    const { text, notes } = addShutdownHooks(ts, main(...api, ...rest));
    const [create = ''] = api;
    expect(text).toBe(main(create, "api.enableShutdownHooks(['SIGTERM', 'SIGINT']);", ...rest));
    expect(notes).toEqual([
      "main.ts has no jobs.listen() in a statement of its own: call jobs.enableShutdownHooks(['SIGTERM', 'SIGINT']) where the application is created.",
    ]);
  });

  it('takes two creations that one variable gets for one application', () => {
    const body = [
      'let app;',
      `if (fast) app = await NestFactory.create(AppModule, fastify);`,
      'else app = await NestFactory.create(AppModule);',
    ];
    const { text, notes } = addShutdownHooks(ts, main(...body, 'await app.listen(80);'));
    expect(text).toBe(main(...body, `${HOOKS}  await app.listen(80);`));
    expect(notes).toEqual([]);
  });

  it('says what is left where one of two applications is no variable', () => {
    const body = ['(await NestFactory.create(AdminModule)).listen(81);', CREATE];
    const { text, notes } = addShutdownHooks(ts, main(...body, 'await app.listen(80);'));
    expect(text).toBe(main(...body, `${HOOKS}  await app.listen(80);`));
    expect(notes).toEqual([expect.stringMatching(/where each application is created\.$/)]);
  });
});
