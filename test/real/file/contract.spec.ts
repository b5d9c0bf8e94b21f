import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { describeRegistryContract } from '../../../lib/registry/contract/index.js';
import { type EntryKey, entryKeyOf } from '../../../lib/registry/entry-record.js';
import { entryText } from '../../../lib/registries/file/entry-file.js';
import { Layout, readVersionName, stemOfEntryKey } from '../../../lib/registries/file/layout.js';
import { openFileRegistry } from '../../../lib/registries/file/file-registry.js';

const deps = { clock: systemClock, random: Math.random, logger: silentLogger };

async function filesOf(root: string, entryKey: EntryKey): Promise<string[]> {
  const folder = new Layout(root).folder(entryKey);
  const names = await readdir(folder);
  return names
    .filter((name) => readVersionName(name)?.stem === stemOfEntryKey(entryKey))
    .map((name) => join(folder, name));
}

for (const notify of [true, false])
  describeRegistryContract({
    name: notify ? 'file' : 'file without notifications',
    // For a busy machine.
    ttl: 3,
    expiryMs: 20_000,
    open: async () => {
      const root = join(tmpdir(), `sidekick-file-${randomUUID()}`);
      return {
        root,
        connect: () => openFileRegistry(`file:${root}`, root, deps, { notify }),
        close: async () => {
          for (const folder of ['tmp', 'sessions'])
            expect(await readdir(join(root, folder)).catch(() => [])).toEqual([]);
          await rm(root, { recursive: true, force: true });
        },
      };
    },
    corrupt: async ({ root }, entryKey) => {
      for (const path of await filesOf(root, entryKey)) await writeFile(path, '{"format":1,"instance":');
    },
    forget: async ({ root }, entryKey) => {
      for (const path of await filesOf(root, entryKey)) await rm(path);
    },
    plant: async ({ root }, record) => {
      const { session: _session, ...rest } = JSON.parse(entryText(record, 'x')) as Record<string, unknown>;
      const entryKey = entryKeyOf(record);
      await mkdir(new Layout(root).folder(entryKey), { recursive: true });
      await writeFile(
        join(new Layout(root).folder(entryKey), `${stemOfEntryKey(entryKey)}.json`),
        JSON.stringify(rest),
      );
    },
    revoke: async ({ root }, session) => {
      const path = new Layout(root).session(session);
      await readFile(path);
      await rm(path);
    },
  });
