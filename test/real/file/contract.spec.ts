import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../lib/kernel/clock.js';
import { silentLogger } from '../../../lib/kernel/logger.js';
import { describeRegistryContract } from '../../../lib/registry/contract/index.js';
import { type Slot, slotOf } from '../../../lib/registry/item.js';
import { entryText } from '../../../lib/registry/file/entry-file.js';
import { Layout, readVersionName, stemOfSlot } from '../../../lib/registry/file/layout.js';
import { openFileRegistry } from '../../../lib/registry/file/open.js';

const deps = { clock: systemClock, random: Math.random, logger: silentLogger };

async function filesOf(root: string, slot: Slot): Promise<string[]> {
  const folder = new Layout(root).folder(slot);
  const names = await readdir(folder);
  return names
    .filter((name) => readVersionName(name)?.stem === stemOfSlot(slot))
    .map((name) => join(folder, name));
}

for (const notify of [true, false])
  describeRegistryContract({
    name: notify ? 'file' : 'file without notifications',
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
    corrupt: async ({ root }, slot) => {
      for (const path of await filesOf(root, slot)) await writeFile(path, '{"format":1,"instance":');
    },
    forget: async ({ root }, slot) => {
      for (const path of await filesOf(root, slot)) await rm(path);
    },
    plant: async ({ root }, item) => {
      const { session: _nobody, ...rest } = JSON.parse(entryText(item, 'x')) as Record<string, unknown>;
      const slot = slotOf(item);
      await mkdir(new Layout(root).folder(slot), { recursive: true });
      await writeFile(join(new Layout(root).folder(slot), `${stemOfSlot(slot)}.json`), JSON.stringify(rest));
    },
    revoke: async ({ root }, session) => {
      const path = new Layout(root).session(session);
      await readFile(path);
      await rm(path);
    },
  });
