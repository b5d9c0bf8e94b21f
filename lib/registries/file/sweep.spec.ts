import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../common/clock.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { completeInstance } from '../../registry/instance.js';
import { type EntryRecord } from '../../registry/entry-record.js';
import { Layout, readVersionName } from './layout.js';
import { FileRegistry } from './file-registry.js';
import { FileStore } from './file-store.js';

const { signal } = new AbortController();
const web = (id: string): EntryRecord => ({
  kind: 'instance',
  instance: completeInstance({ service: 'web', id, address: '10.0.0.1', port: 80 }),
});

describe('the sweep of a file registry', () => {
  let layout: Layout;
  let clock: VirtualClock;
  beforeEach(async () => {
    layout = new Layout(await mkdtemp(join(tmpdir(), 'sidekick-sweep-')));
    clock = new VirtualClock(systemClock.wall());
  });
  afterEach(async () => {
    await rm(layout.root, { recursive: true });
  });

  const open = () =>
    new FileRegistry(
      new FileStore(`file:${layout.root}`, layout, clock, { boot: 'boot', now: () => clock.now() }),
    );
  const files = () =>
    readdirSync(layout.root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
      .sort();

  it('leaves files of other programs alone, and does not fail because of them', async () => {
    await open().openSession({ ttl: 10 }, signal);
    const foreign = [join(layout.services, '.DS_Store'), join(layout.services, 'readme')];
    for (const path of foreign) writeFileSync(path, '');
    mkdirSync(join(layout.temporary, 'backup'));
    await clock.advance(80_000);
    const registry = open();
    const session = await registry.openSession({ ttl: 10 }, signal);
    await session.write(web('live'), undefined, signal);
    expect(await registry.services(signal)).toEqual(['web']);
    expect(readdirSync(layout.services).sort()).toEqual(['.DS_Store', 'readme', 'web']);
    expect(readdirSync(layout.temporary)).toEqual(['backup']);
  });

  it('removes the files of dead processes, and nothing else', async () => {
    const dead = await open().openSession({ ttl: 10 }, signal);
    await dead.write(web('dead'), undefined, signal);
    await dead.write({ kind: 'key', key: 'dead', value: '' }, undefined, signal);
    writeFileSync(join(layout.temporary, 'unfinished'), '');
    writeFileSync(join(layout.services, 'web', 'byhand.json'), 'rubbish');
    const live = await open().openSession({ ttl: 1_000 }, signal);
    const first = await live.write(web('live'), undefined, signal);
    expect(first.ok).toBe(true);
    await clock.advance(80_000);
    await open().openSession({ ttl: 10 }, signal);
    expect(files().filter((name) => readVersionName(name) && !/^[0-9a-f]{20}\.json$/.test(name))).toEqual([
      'byhand.json',
      'live@1.json',
    ]);
    expect(readdirSync(layout.temporary)).toEqual([]);
    expect(readdirSync(layout.sessions)).toHaveLength(2);
    expect((await live.renew(signal)).missing).toEqual([]);
  });

  it('retains recent files, which may still be in use', async () => {
    const dead = await open().openSession({ ttl: 10 }, signal);
    await dead.write(web('dead'), undefined, signal);
    writeFileSync(join(layout.temporary, 'unfinished'), '');
    await clock.advance(30_000);
    await open().openSession({ ttl: 10 }, signal);
    expect(files()).toContain('dead@1.json');
    expect(files()).toContain('unfinished');
  });

  it('removes superseded versions that a killed writer has left', async () => {
    const session = await open().openSession({ ttl: 1_000 }, signal);
    const written = await session.write(web('one'), undefined, signal);
    const folder = join(layout.services, 'web');
    writeFileSync(join(folder, 'one.json'), '{}');
    const old = systemClock.wall() / 1_000 - 3_600;
    for (const name of readdirSync(folder)) utimesSync(join(folder, name), old, old);
    await open().openSession({ ttl: 10 }, signal);
    expect(readdirSync(folder)).toEqual(['one@1.json']);
    await expect(session.write(web('one'), written.ok ? written.version : '', signal)).resolves.toMatchObject(
      {
        ok: true,
      },
    );
    expect(readdirSync(folder)).toEqual(['one@2.json']);
  });

  it('removes the entries of a session whose file is missing', async () => {
    const session = await open().openSession({ ttl: 1_000 }, signal);
    await session.write(web('one'), undefined, signal);
    await rm(layout.session(session.id));
    await open().openSession({ ttl: 10 }, signal);
    expect(readdirSync(join(layout.services, 'web'))).toEqual([]);
  });
});
