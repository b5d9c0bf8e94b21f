import { silentLogger } from '../../common/logger.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { describeRegistryContract } from '../../registry/contract/index.js';
import { memory } from './memory.js';

describeRegistryContract({
  name: 'memory',
  open: async () => {
    const clock = new VirtualClock();
    const source = memory();
    return {
      source,
      connect: () => source.open({ clock, random: Math.random, logger: silentLogger }),
      advance: (ms: number) => clock.advance(ms),
      close: async () => {
        expect(clock.pending).toBe(0);
        expect(source.store.sessions).toBe(0);
      },
    };
  },
  corrupt: async ({ source }, entryKey) =>
    source.store.corrupt(entryKey, 'expected an instance, got "rubbish"'),
  forget: async ({ source }, entryKey) => source.store.remove(entryKey),
  plant: async ({ source }, record) => void source.store.put(record),
  revoke: async ({ source }, session) => source.store.revoke(session),
  compact: async ({ source }) => source.store.compact(),
});
