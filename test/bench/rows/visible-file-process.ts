// The process that writes for rows/visible-file.ts: an instance in a registry, or a plain file.
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { completeInstance } from '../../../lib/registry/instance.js';
import { file } from '../../../lib/registries/file/file.js';
import { type FileCommand } from './visible-file.js';

const [folder = '', plain = ''] = process.argv.slice(2);
const { signal } = new AbortController();
const registry = await file(folder).open({ clock: systemClock, random: Math.random, logger: silentLogger });
const session = await registry.openSession({ ttl: 3_600 }, signal);
let version: string | undefined;

async function register(): Promise<void> {
  const at = String(process.hrtime.bigint());
  const instance = completeInstance({
    service: 'web',
    id: 'web-1',
    address: '10.0.0.1',
    port: 8_000,
    meta: { at },
  });
  const written = await session.write({ kind: 'instance', instance }, version, signal);
  if (!written.ok) throw new Error('Expected the write to succeed, got another version of the entry.');
  ({ version } = written);
}

/** As the registry replaces a file: written under another name, then renamed. */
async function replace(): Promise<void> {
  const name = `at-${process.hrtime.bigint()}`;
  const temporary = join(folder, plain, 'temporary');
  await writeFile(temporary, name);
  await rename(temporary, join(folder, plain, name));
}

// The other process may see a write before this one has returned.
let last: Promise<void> = Promise.resolve();
process.on('message', (command: FileCommand) => {
  last = last.then(command === 'register' ? register : replace);
});
process.once('disconnect', () => process.exit());
await mkdir(join(folder, plain));
await register();
process.send?.('ready');
