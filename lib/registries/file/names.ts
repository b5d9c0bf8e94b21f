import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { forEachLimited } from '../../common/async/semaphore.js';
import { decodeSegment } from '../../common/names.js';
import { MAX_ENTRY_FILE_BYTES, readEntryText } from './entry-file.js';
import { type FileStore } from './file-store.js';
import { MAX_CONCURRENT_FILES, stemOf } from './layout.js';
import { readBounded } from './read-bounded.js';

/** Returns the names of the services with a live instance, sorted. */
export async function serviceNames(store: FileStore): Promise<readonly string[]> {
  const names: string[] = [];
  const found = await readdir(store.layout.services, { withFileTypes: true });
  const folders = found.filter((entry) => entry.isDirectory());
  await forEachLimited(folders, MAX_CONCURRENT_FILES, async ({ name: stem }) => {
    const name = await serviceOf(store, stem);
    if (name === undefined) return;
    const { entries } = await store.list({ kind: 'service', service: name });
    if (entries.length > 0) names.push(name);
  });
  return names.sort();
}

/** Returns the names of the live plain keys that begin with `prefix`, sorted. */
export async function keyNames(store: FileStore, prefix: string): Promise<readonly string[]> {
  // All keys share a folder, so any of them selects it.
  const versions = await store.folder({ kind: 'key', key: 'any' }).read();
  const { entries } = await store.snapshot(versions, true);
  const names = [...entries.values()].flatMap(({ record }) => (record.kind === 'key' ? [record.key] : []));
  return names.filter((name) => name.startsWith(prefix)).sort();
}

/** The service whose folder has this stem. The name of a folder with a digest is in its files. */
async function serviceOf({ layout }: FileStore, stem: string): Promise<string | undefined> {
  const readable = decodeSegment(stem);
  if (readable !== undefined && stemOf(readable) === stem) return readable;
  const folder = join(layout.services, stem);
  for (const file of await readdir(folder).catch(() => [])) {
    try {
      const read = await readBounded(join(folder, file), MAX_ENTRY_FILE_BYTES);
      if ('refused' in read) continue;
      const { record } = readEntryText(read.text);
      if (record.kind === 'instance' && stemOf(record.instance.service) === stem)
        return record.instance.service;
    } catch {
      // Malformed, or removed meanwhile: the next file has the name too.
    }
  }
  return undefined;
}
