import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { silentLogger } from '../../../lib/common/logger.js';
import { openFileRegistry } from '../../../lib/registries/file/file-registry.js';
import { completeInstance } from '../../../lib/registry/instance.js';
import { type Scope } from '../../../lib/registry/registry.js';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';
import { expectListing } from '../expect.js';
import { mutatedTexts } from '../mutation.js';
import { dataTarget } from '../target.js';

interface File {
  readonly folder: 'keys' | 'services/web' | 'sessions' | 'tmp' | 'services';
  readonly name: string;
  readonly text: string;
}

const ENTRY =
  '{"format":1,"session":"s1","instance":{"service":"web","id":"a","address":"10.0.0.1","port":80}}';
const TEXTS: readonly string[] = [
  '',
  ENTRY,
  ENTRY.slice(0, 40),
  '{"format":1,"key":"a","value":"v"}',
  '{"format":1,"id":"s1","pid":1,"ttl":10,"deadline":1e308,"wall":1e308}',
  '{"format":1,"id":"../outside","pid":1,"ttl":1,"deadline":0,"wall":0,"ended":true}',
];
const NAMES: readonly string[] = [
  'a.json',
  'a@1.json',
  'a@2.json',
  'a@999999999999999.json',
  's1.json',
  'b.json',
];

const files: fc.Arbitrary<readonly File[]> = fc.array(
  fc.record({
    folder: fc.constantFrom('keys', 'services/web', 'services/web', 'sessions', 'tmp', 'services'),
    name: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...NAMES) },
      { weight: 1, arbitrary: mutatedTexts(NAMES).map((name) => name.replace(/[/\0]/g, '_').slice(0, 80)) },
    ),
    text: fc.oneof(fc.constantFrom(...TEXTS), mutatedTexts(TEXTS)),
  }),
  { maxLength: 6 },
);

/** A file beside the registry's own folders, which nothing in them may touch. */
const OUTSIDE = 'outside.json';

const SCOPES: readonly Scope[] = [
  { kind: 'service', service: 'web' },
  { kind: 'instance', service: 'web', id: 'a' },
  { kind: 'key', key: 'a' },
];

export default dataTarget<readonly File[]>({
  name: 'file-folder',
  promise: "a registry folder with anything in it is listed and swept, and takes what is the library's own",
  share: 0.05,
  inputs: (corpus) =>
    fc.oneof({ weight: 1, arbitrary: fc.constantFrom(...corpus) }, { weight: 9, arbitrary: files }),
  run: async (given) => {
    const root = join(tmpdir(), `nestjs-sidekick-fuzz-${randomUUID()}`);
    const { signal } = new AbortController();
    try {
      for (const folder of ['keys', 'services/web', 'sessions', 'tmp'])
        await mkdir(join(root, folder), { recursive: true, mode: 0o700 });
      for (const { folder, name, text } of given)
        await writeFile(join(root, folder, name), text).catch((error: unknown) => {
          // Some are no names of files, which is the file system's to refuse.
          if (!(error as NodeJS.ErrnoException).code) throw error;
        });
      await writeFile(join(root, OUTSIDE), '');
      const deps = { clock: new VirtualClock(), random: Math.random, logger: silentLogger };
      const registry = await openFileRegistry(`file:${root}`, root, deps, { notify: false });
      try {
        for (const scope of SCOPES) expectListing(await registry.list(scope, signal));
        const session = await registry.openSession({ ttl: 10 }, signal);
        const instance = completeInstance({ service: 'web', id: 'own', address: '10.0.0.9', port: 90 });
        const written = await session.write({ kind: 'instance', instance }, undefined, signal);
        if (written.ok) {
          const { entries } = await registry.list({ kind: 'service', service: 'web' }, signal);
          assert.ok(
            entries.some(({ version }) => version === written.version),
            'what was written is there',
          );
        }
        await session.end(signal);
        await access(join(root, OUTSIDE));
      } finally {
        await registry.close();
      }
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  },
});
