import { completeInstance } from '../../registry/instance.js';
import { type RegistryEntry } from '../../registry/registry.js';
import { cursorOf } from './cursor.js';

const entry = (port: number, more: Partial<RegistryEntry> = {}): RegistryEntry => ({
  record: {
    kind: 'instance',
    instance: completeInstance({ service: 'web', id: 'a', address: '10.0.0.1', port }),
  },
  version: '7@node',
  owner: 'node/a',
  ...more,
});
const of = (...entries: RegistryEntry[]): string => cursorOf({ entries, malformed: [] });

describe('cursorOf', () => {
  it('returns the same cursor for the same content', () => {
    expect(of(entry(80))).toBe(of(entry(80)));
  });

  it.each<[string, RegistryEntry]>([
    ['content, even with the version of an agent that has lost its data', entry(81)],
    ['version', entry(80, { version: '8@node' })],
    ['owner', entry(80, { owner: undefined })],
  ])('returns another cursor for another %s', (_, other) => {
    expect(of(other)).not.toBe(of(entry(80)));
  });
});
