import { type piloted } from '../../../lib/cli/piloted.js';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { recordedTerminal } from '../../harness/terminal.js';
import { HostileServers } from './hostile-servers.js';
import { CANARY, OutputRecord } from './output-record.js';

/** Servers that require a secret, and everything that the library writes in a test. */
export interface CanaryWorld {
  /** The output of the current test, which must not contain {@link CANARY}. */
  readonly output: OutputRecord;
  readonly folder: string;
  readonly cluster: EtcdCluster;
  readonly agent: ConsulAgent;
  readonly hostile: HostileServers;
  /** Runs a command for 400 ms at most, and records its output. */
  program(
    run: typeof piloted,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<void>;
}

/** Starts the servers for the tests of a spec file, and fails each test whose output contains the secret. */
export function canaryWorld(): CanaryWorld {
  let output: OutputRecord;
  let folder: string;
  let cluster: EtcdCluster;
  let agent: ConsulAgent;
  let hostile: HostileServers;
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);

  beforeAll(async () => {
    folder = await tempFolder('canaries');
    [cluster, agent] = await Promise.all([startEtcd(), startConsul({ acl: true })]);
    await cluster.enableAuth('root');
    await cluster.addUser('app', CANARY, '/allowed/', 'readwrite');
    hostile = await HostileServers.start();
    process.on('unhandledRejection', onRejection);
  });
  beforeEach(() => {
    output = new OutputRecord();
  });
  afterEach(() => {
    output.value(rejections.splice(0));
    expect(output.count).toBeGreaterThan(5);
    expect(output.leaks).toEqual([]);
  });
  afterAll(async () => {
    process.off('unhandledRejection', onRejection);
    await Promise.all([hostile.stop(), cluster.stop(), agent.stop()]);
    await removeFolder(folder);
  });

  return {
    get output() {
      return output;
    },
    get folder() {
      return folder;
    },
    get cluster() {
      return cluster;
    },
    get agent() {
      return agent;
    },
    get hostile() {
      return hostile;
    },
    async program(run, args, env = {}) {
      const said = (text: string): void => {
        output.text(text);
      };
      const terminal = recordedTerminal({ env, out: said, err: said });
      const timer = setTimeout(() => {
        terminal.interrupt();
      }, 400);
      try {
        const code = await run(args, terminal);
        output.text(`code ${code}`);
      } catch (error) {
        output.error(error);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
