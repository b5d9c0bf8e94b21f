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

describe('the cursor of what stands in Consul', () => {
  it('is the same for the same content', () => {
    expect(of(entry(80))).toBe(of(entry(80)));
  });

  it.each<[string, RegistryEntry]>([
    ['content, though an agent that lost its data came by the same version', entry(81)],
    ['version', entry(80, { version: '8@node' })],
    ['owner', entry(80, { owner: undefined })],
  ])('is another for another %s', (_, other) => {
    expect(of(other)).not.toBe(of(entry(80)));
  });
});
