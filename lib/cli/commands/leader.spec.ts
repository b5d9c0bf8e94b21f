import { type RecordedTerminal, recordedTerminal } from '../../../test/harness/terminal.js';
import { until } from '../../../test/harness/wait.js';
import { systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/logger.js';
import { createElections } from '../../election/create-elections.js';
import { type ElectionClient } from '../../election/election-client.js';
import { registryPool } from '../../registry/registry-pool.js';
import { registrySource } from '../../registries/registry-url.js';
import { piloted } from '../piloted.js';

const URL = 'memory:leader-spec';

describe('piloted leader', () => {
  let elections: ElectionClient;
  let release: () => Promise<void>;
  let terminal: RecordedTerminal;

  beforeEach(async () => {
    const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
    const pooled = await registryPool.acquire(registrySource(URL, {}), deps);
    release = () => pooled.release();
    elections = createElections({ ...deps, registry: pooled.registry, ttl: 10, name: 'host:1' });
    terminal = recordedTerminal({ env: { SIDEKICK_REGISTRY: URL } });
  });
  afterEach(async () => {
    await elections.close(0);
    await release();
  });

  const run = (...args: string[]): Promise<number> => piloted(['leader', ...args], terminal);

  it('prints the holder, its term and since when', async () => {
    const election = elections.of('reports');
    election.campaign({ meta: { zone: 'a' } });
    await until('the leadership', () => election.isLeader);
    expect(await run('reports')).toBe(0);
    expect(terminal.outLines).toEqual([
      expect.stringMatching(
        new RegExp(`^host:1\\t${String(election.term)}\\t\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z$`),
      ),
    ]);
    expect(await run('reports', '--json')).toBe(0);
    expect(JSON.parse(terminal.outLines[1] ?? '')).toMatchObject({
      election: 'reports',
      holder: 'host:1',
      term: election.term,
      meta: { zone: 'a' },
    });
  });

  it('exits with 1 without a leader, and on a registry without elections', async () => {
    expect(await run('unknown')).toBe(1);
    expect(terminal.errLines).toEqual([`piloted leader: The election "unknown" has no leader in ${URL}.`]);
    terminal = recordedTerminal({ env: { SIDEKICK_REGISTRY: 'fixed:web=10.0.0.1:80' } });
    expect(await run('reports')).toBe(1);
    expect(terminal.errLines[0]).toContain('holds no elections');
  });

  it('exits with 2 without a name', async () => {
    expect(await run()).toBe(2);
  });
});
