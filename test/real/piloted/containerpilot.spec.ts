import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { forkTypeScript } from '../../harness/fork.js';
import { until } from '../../harness/wait.js';

interface Message {
  readonly lists: Readonly<Record<string, readonly string[]>>;
}

const RIGHTS = 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }';

describe('a process with a ContainerPilot file, on a Consul agent that denies by default', () => {
  let agent: ConsulAgent;
  let token: string;
  let folder: string;
  let child: ChildProcess | undefined;

  beforeAll(async () => {
    agent = await startConsul({ acl: true });
    token = await agent.createToken(RIGHTS);
    folder = await mkdtemp(join(tmpdir(), 'containerpilot-piloted-'));
  });
  afterEach(() => {
    child?.kill('SIGKILL');
    child = undefined;
  });
  afterAll(async () => {
    await agent.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function register(service: string, id: string, tag: string): Promise<void> {
    const body = { Name: service, ID: id, Address: '10.0.0.1', Port: 80, Tags: [tag] };
    await agent.request('/v1/agent/service/register', { method: 'PUT', body });
  }

  async function start(name: string, config: unknown, env: Record<string, string>): Promise<Message[]> {
    const file = join(folder, `${name}.json`);
    await writeFile(file, JSON.stringify(config));
    child = forkTypeScript(new URL('./watching-process.ts', import.meta.url), [file], env);
    const messages: Message[] = [];
    child.on('message', (message: Message) => messages.push(message));
    await until('the boot', () => messages.length > 0);
    return messages;
  }

  const host = (): string => `${agent.host}:${agent.port}`;

  it.each([
    {
      generation: 2,
      service: 'two',
      config: () => ({
        consul: `{{ .CONSUL_ADDRESS | default \`${host()}\` }}`,
        backends: [{ name: 'two', poll: 3, onChange: '/bin/true', tag: 'prod' }],
      }),
    },
    {
      generation: 3,
      service: 'three',
      config: () => ({
        consul: { address: host(), scheme: 'http', token },
        watches: [{ name: 'three', interval: 3, tag: 'prod', dc: 'dc1' }],
      }),
    },
  ])(
    'finds, follows and refreshes by a file of generation $generation',
    async ({ generation, service, config }) => {
      await register(service, 'first', 'prod');
      await register(service, 'other', 'dev');
      // ContainerPilot 2 has no place for a token in its file, so the variable brings it.
      const env: Record<string, string> = generation === 2 ? { CONSUL_HTTP_TOKEN: token } : {};
      const messages = await start(`generation-${generation}`, config(), env);
      const list = (): readonly string[] => messages.at(-1)?.lists[service] ?? [];
      await until('the first instance', () => list().includes('first'));
      expect(list()).toEqual(['first']);
      for (let round = 1; round <= 5; round += 1) {
        // The signal and the change arrive together: the change lands before, within or after the refresh.
        child!.kill('SIGHUP');
        await register(service, `round-${round}`, 'prod');
        child!.kill('SIGHUP');
        await until(`round ${round}`, () => list().includes(`round-${round}`));
      }
      expect(list()).toEqual(['first', ...[1, 2, 3, 4, 5].map((round) => `round-${round}`)]);
      child!.send('close');
      const [code] = (await once(child!, 'exit')) as [number];
      expect(code).toBe(0);
    },
  );
});
