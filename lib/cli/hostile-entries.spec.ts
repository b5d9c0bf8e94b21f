import { type RecordedTerminal, recordedTerminal } from '../../test/harness/terminal.js';
import { until } from '../../test/harness/wait.js';
import { systemClock } from '../common/clock.js';
import { silentLogger } from '../common/logger.js';
import { createElections } from '../election/create-elections.js';
import { type ElectionClient } from '../election/election-client.js';
import { completeInstance } from '../registry/instance.js';
import { registryPool } from '../registry/registry-pool.js';
import { type Session } from '../registry/registry.js';
import { registrySource } from '../registries/registry-url.js';
import { piloted } from './piloted.js';
import { type Screen } from './terminal.js';

const URL = 'memory:hostile-entries-spec';
const NEVER = new AbortController().signal;

/** Clears a terminal, sets its title, turns the direction of text, and begins a line of its own. */
const HOSTILE = '\u001b[2J\u001b]0;owned\u0007\u202e<script>\u009b31m\u2028\r\nERROR forged\u007f';
const LONG = 'x'.repeat(10_000);

/** What must not reach a terminal: all but the line feeds and tabs of the programs themselves. */
// oxlint-disable-next-line no-control-regex -- these are the characters
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

const SCREEN: Screen = { size: () => ({ columns: 40, rows: 10 }), onResize: () => () => undefined };

describe('piloted with hostile entries in the registry', () => {
  let session: Session;
  let elections: ElectionClient;
  let release: () => Promise<void>;
  let terminal: RecordedTerminal;

  beforeEach(async () => {
    const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
    const pooled = await registryPool.acquire(registrySource(URL, {}), deps);
    const { registry } = pooled;
    release = () => pooled.release();
    session = await registry.openSession({ ttl: 60 }, NEVER);
    const fields = {
      address: '127.0.0.1',
      port: 1,
      tags: [HOSTILE, LONG],
      zone: HOSTILE,
      meta: { a: HOSTILE },
    };
    const instance = completeInstance({ service: 'web', id: 'one', ...fields });
    await session.write({ kind: 'instance', instance }, undefined, NEVER);
    await session.write({ kind: 'key', key: 'k', value: HOSTILE }, undefined, NEVER);
    elections = createElections({ ...deps, registry, ttl: 10, name: `host${HOSTILE}` });
    const election = elections.of('daily');
    election.campaign({ meta: { a: HOSTILE } });
    await until('the leadership', () => election.isLeader);
  });
  afterEach(async () => {
    await elections.close(0);
    await session.end(NEVER);
    await release();
  });

  /** Everything that a command prints. */
  async function printed(args: readonly string[], screen?: Screen): Promise<string> {
    terminal = recordedTerminal({ env: { SIDEKICK_REGISTRY: URL }, screen });
    await piloted(args, terminal);
    return [...terminal.outLines, ...terminal.errLines, ...terminal.written].join('\n');
  }

  it.each([
    [['ls']],
    [['ls', 'web']],
    [['ls', 'web', '--json']],
    [['keys']],
    [['keys', '--values']],
    [['keys', '--values', '--json']],
    [['get', 'k', '--json']],
    [['leader', 'daily']],
    [['leader', 'daily', '--json']],
    [['doctor', 'web']],
    [['doctor', '--json']],
    [['call', 'web', '/', '--timeout', '5']],
  ])('%j prints no character that a terminal obeys', async (args) => {
    for (const screen of [undefined, SCREEN]) {
      const text = await printed(args, screen);
      expect(text).not.toBe('');
      expect(UNSAFE.exec(text)).toBeNull();
      expect(text).not.toMatch(/^ERROR forged/m);
    }
  });

  it('get prints a value unchanged into a pipe, and escaped on a terminal', async () => {
    expect(await printed(['get', 'k'])).toBe(HOSTILE);
    expect(UNSAFE.exec(await printed(['get', 'k'], SCREEN))).toBeNull();
  });

  it.each([[[]], [['--json']]])('watch %j prints none either', async (more) => {
    terminal = recordedTerminal({ env: { SIDEKICK_REGISTRY: URL } });
    const watching = piloted(['watch', 'web', ...more], terminal);
    await until('the first line', () => terminal.outLines.length === 1);
    terminal.interrupt();
    await watching;
    expect(UNSAFE.exec(terminal.outLines.join('\n'))).toBeNull();
  });

  it('watch cuts the rows of its table to the terminal', async () => {
    terminal = recordedTerminal({ env: { SIDEKICK_REGISTRY: URL }, screen: SCREEN });
    const watching = piloted(['watch', 'web'], terminal);
    await until('the table', () => terminal.written.some((text) => text.includes('web')));
    terminal.interrupt();
    await watching;
    const table = terminal.written.find((text) => text.includes('SERVICE')) ?? '';
    expect(table).not.toContain('owned\u0007');
    // oxlint-disable-next-line no-control-regex -- the codes of the table itself
    for (const line of table.replace(/\u001b\[[HKJ]/g, '').split('\r\n'))
      expect(line.length).toBeLessThanOrEqual(40);
  });
});
