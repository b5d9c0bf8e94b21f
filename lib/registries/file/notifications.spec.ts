import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/logger.js';
import { FileRegistry } from './file-registry.js';
import { FileStore } from './file-store.js';
import { Layout } from './layout.js';
import { Notifications } from './notifications.js';

describe('Notifications', () => {
  let warnings: string[];
  /** Notifications of a file system that gives none: a fake, since the limits of inotify are those of the machine. */
  const failing = (code: string): Notifications =>
    new Notifications({ ...silentLogger, warn: (line) => void warnings.push(line) }, (folder) => {
      throw Object.assign(new Error(`${code}: watch '${folder}'`), { code });
    });

  beforeEach(() => {
    warnings = [];
  });

  it.each([
    ['ENOSPC', 'Raise fs.inotify.max_user_watches and fs.inotify.max_user_instances with sysctl.'],
    ['ENOSYS', 'Use a local file system.'],
  ])('warns once where a folder cannot be watched (%s)', (code, advice) => {
    const notifications = failing(code);
    for (const folder of ['/a', '/a', '/b'])
      expect(notifications.follow(folder, () => undefined)).toBeUndefined();
    expect(warnings).toEqual([
      `The file system gives no notifications about the folder /a (${code}): changes by other processes are seen by polling, within a second instead of at once. ${advice}`,
    ]);
  });

  it('is silent about a folder that was removed, which is made again', () => {
    failing('ENOENT').follow('/a', () => undefined);
    expect(warnings).toEqual([]);
  });

  it('leaves a registry with polling', async () => {
    const layout = new Layout(await mkdtemp(join(tmpdir(), 'sidekick-notifications-')));
    const store = new FileStore('file:', layout, systemClock, {
      boot: 'boot',
      now: () => systemClock.now(),
    });
    const registry = new FileRegistry(store, failing('EMFILE'));
    const { signal } = new AbortController();
    const scope = { kind: 'service', service: 'web' } as const;
    for await (const batch of registry.watch(scope, 'none', signal)) {
      expect(batch.kind).toBe('listing');
      break;
    }
    expect(warnings).toHaveLength(1);
    await registry.close();
    await rm(layout.root, { recursive: true });
  });
});
