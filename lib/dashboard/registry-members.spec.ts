import { systemClock } from '../common/clock.js';
import { type Logger, silentLogger } from '../common/logger.js';
import { type Registry } from '../registry/registry.js';
import { type RegistrySource } from '../registry/registry-source.js';
import { RegistryMembers } from './registry-members.js';

describe('RegistryMembers', () => {
  /** Asks a registry that nothing else has open once, and returns what was logged. */
  async function ask(open: RegistrySource['open']): Promise<{ members: unknown; lines: readonly string[] }> {
    const lines: string[] = [];
    const write = (line: string): void => void lines.push(line);
    const logger: Logger = { ...silentLogger, warn: write, error: write, debug: write };
    const source = { identity: 'members-spec', url: 'fake:', open };
    const members = new RegistryMembers({
      registries: [{ source, usedBy: ['SidekickModule'] }],
      clock: systemClock,
      random: () => 0,
      logger,
    });
    members.rows();
    await members.settled();
    return { members: members.rows()[0]?.members, lines };
  }

  it('does not repeat the warnings of opening a registry, as the modules have logged them', async () => {
    const { members, lines } = await ask(async ({ logger }) => {
      logger.warn('The certificate is not verified.');
      await Promise.resolve();
      return {
        members: () => Promise.resolve([{ name: 'one', urls: ['http://10.0.0.1:2379'], inUse: true }]),
        close: () => Promise.resolve(),
      } as unknown as Registry;
    });
    expect(members).toEqual([{ address: 'http://10.0.0.1:2379', inUse: true }]);
    expect(lines).toEqual([]);
  });

  it.each<[string, RegistrySource['open']]>([
    ['cannot be opened', () => Promise.reject(new Error('broken'))],
    [
      'cannot be closed',
      () => Promise.resolve({ close: () => Promise.reject(new Error('broken')) } as unknown as Registry),
    ],
  ])('says in the log of details why a registry %s, and never rejects', async (_what, open) => {
    const { members, lines } = await ask(open);
    expect(members).toEqual([]);
    expect(lines).toEqual(['fake: did not list its members: Error: broken']);
  });
});
