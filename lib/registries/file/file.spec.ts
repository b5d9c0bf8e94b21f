import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { systemClock } from '../../common/clock.js';
import { InvalidOptionError } from '../../common/errors/index.js';
import { silentLogger } from '../../common/logger.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { completeInstance } from '../../registry/instance.js';
import { entryKeyId } from '../../registry/entry-record.js';
import { file } from './file.js';
import { fileFromUrl } from './url.js';

const { signal } = new AbortController();
const deps = { clock: systemClock, random: Math.random, logger: silentLogger };

describe('file', () => {
  it('has a default folder for each user', () => {
    const folder = join(tmpdir(), `nestjs-sidekick-${process.getuid?.()}`);
    expect(fileFromUrl('file:').url).toBe(`file:${folder}`);
    expect(file().identity).toBe(fileFromUrl('file:').identity);
  });

  it.each([
    ['file:/var/x', '/var/x'],
    ['file:x/y', resolve('x/y')],
    ['file:./x/../y', resolve('y')],
    ['file:///var/a%20b', '/var/a b'],
    ['file:/var/a%20b', '/var/a%20b'],
  ])('reads %s as %s', (url, folder) => {
    expect(fileFromUrl(url).url).toBe(`file:${folder}`);
  });

  it.each(['file:/x?y=1', 'file:x#y', 'file://host/x', 'file:///%2F', 'file:\0'])('refuses %j', (url) => {
    expect(() => fileFromUrl(url)).toThrow(InvalidOptionError);
    expect(() => fileFromUrl(url)).toThrow(/^Expected `registry` to be .*, got .*\.$/);
  });

  it.each(['', ' ', 'a\0b', 1, null])('refuses the folder %j', (folder) => {
    expect(() => file(folder as string)).toThrow(InvalidOptionError);
  });

  describe('with a folder', () => {
    let root: string;
    beforeEach(async () => {
      root = await mkdtemp(join(tmpdir(), 'sidekick-file-'));
    });
    afterEach(async () => {
      await rm(root, { recursive: true });
    });

    it('stores each entry in its own file, readable by the owner only', async () => {
      const registry = await file(root).open(deps);
      const session = await registry.openSession({ ttl: 60, name: 'spec' }, signal);
      const instance = completeInstance({ service: 'web', id: 'one', address: '10.0.0.1', port: 80 });
      await session.write({ kind: 'instance', instance }, undefined, signal);
      await session.write({ kind: 'key', key: '/app/leader', value: 'me' }, undefined, signal);
      const names = (await readdir(root, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
      expect(names.sort()).toEqual([
        'keys/%2Fapp%2Fleader@1.json',
        'services/web/one@1.json',
        `sessions/${session.id}.json`,
      ]);
      for (const name of names) expect((await stat(join(root, name))).mode & 0o777).toBe(0o600);
      await session.end(signal);
      await registry.close();
    });

    it('distinguishes expired and withdrawn instances, and a lost folder', async () => {
      const clock = new VirtualClock();
      const registry = await file(root).open({ ...deps, clock });
      const scope = { kind: 'service', service: 'web' } as const;
      const [quiet, ending, late] = await Promise.all(
        ['quiet', 'ending', 'late'].map(async (id) => {
          const session = await registry.openSession({ ttl: 10 }, signal);
          const instance = completeInstance({ service: 'web', id, address: '10.0.0.1', port: 80 });
          await session.write({ kind: 'instance', instance }, undefined, signal);
          return session;
        }),
      );
      const expired = async () => {
        const listing = await registry.list(scope, signal);
        return listing.expired?.map((entryKey) => (entryKey.kind === 'instance' ? entryKey.id : '')).sort();
      };
      expect(await expired()).toEqual([]);
      await ending?.end(signal);
      expect(await expired()).toEqual([]);
      await clock.advance(10_001);
      expect(await expired()).toEqual(['late', 'quiet']);
      await expect(late?.renew(signal)).rejects.toThrow(/no longer knows/);
      expect(await expired()).toEqual(['late', 'quiet']);
      await rm(root, { recursive: true });
      expect(await expired()).toBeUndefined();
      await quiet?.end(signal);
      await clock.advance(10_001);
      expect(await expired()).toEqual([]);
      expect((await readdir(root)).sort()).toEqual(['keys', 'services', 'sessions', 'tmp']);
      await registry.close();
    });

    it('returns the well-formed entries besides the malformed ones', async () => {
      const registry = await file(root).open(deps);
      const session = await registry.openSession({ ttl: 60 }, signal);
      const instance = completeInstance({ service: 'web', id: 'good', address: '10.0.0.1', port: 80 });
      await session.write({ kind: 'instance', instance }, undefined, signal);
      const folder = join(root, 'services', 'web');
      const entry = (more: object): string =>
        JSON.stringify({ format: 1, instance: { ...instance, ...more } });
      const bad: Record<string, string | Buffer> = {
        broken: '{"format":1,"instance":{',
        empty: '',
        huge: JSON.stringify({ format: 1, padding: 'x'.repeat(65_536) }),
        bytes: Buffer.from([0xff, 0xfe, 0x00]),
        list: '[]',
        nothing: 'null',
        newer: '{"format":2}',
        shapeless: '{"format":1,"instance":7}',
        nameless: entry({ id: '' }),
        misnamed: entry({ id: 'other' }),
        elsewhere: entry({ id: 'elsewhere', service: 'api' }),
        portless: entry({ id: 'portless', port: 0 }),
        homeless: entry({ id: 'homeless', address: '10.0.0.999' }),
        weightless: entry({ id: 'weightless', weight: -1 }),
        session: JSON.stringify({ format: 1, session: '../../x', instance: { ...instance, id: 'session' } }),
        __proto__x: '{"format":1,"__proto__":{"polluted":true}}',
      };
      for (const [id, content] of Object.entries(bad)) await writeFile(join(folder, `${id}.json`), content);
      await mkdir(join(folder, 'folder.json'));
      await symlink('/etc/passwd', join(folder, 'link.json'));
      await writeFile(join(folder, 'readme.txt'), 'of no concern');

      const scope = { kind: 'service', service: 'web' } as const;
      const { entries, malformed } = await registry.list(scope, signal);
      expect(entries.map(({ record }) => record)).toEqual([{ kind: 'instance', instance }]);
      expect(malformed.map(({ entryKey }) => entryKeyId(entryKey)).sort()).toEqual(
        [...Object.keys(bad), 'folder', 'link']
          .map((id) => entryKeyId({ kind: 'instance', service: 'web', id }))
          .sort(),
      );
      for (const { reason } of malformed) expect(reason).toMatch(/^Expected .*, got .*\.$/s);
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
      await session.end(signal);
      await registry.close();
    });

    it('names the file that prevents a write because it has the highest version number', async () => {
      const registry = await file(root).open(deps);
      const session = await registry.openSession({ ttl: 60 }, signal);
      const folder = join(root, 'keys');
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'k@999999999999999.json'), '{"format":1,"key":"k","value":"planted"}');
      const [planted] = (await registry.list({ kind: 'key', key: 'k' }, signal)).entries;
      await expect(
        session.write({ kind: 'key', key: 'k', value: 'v' }, planted?.version, signal),
      ).rejects.toThrow(
        /^The key "k" cannot be written: its file ".*" has the highest possible version number\./,
      );
      await session.end(signal);
      await registry.close();
    });

    it('refuses a folder that was removed and recreated with write permissions for others', async () => {
      const path = join(root, 'remade');
      const registry = await file(path).open(deps);
      const scope = { kind: 'service', service: 'web' } as const;
      const session = await registry.openSession({ ttl: 60 }, signal);
      const { cursor } = await registry.list(scope, signal);
      await rm(path, { recursive: true });
      await mkdir(path);
      await chmod(path, 0o777);
      const refused = /is writable by other users/;
      await expect(registry.list(scope, signal)).rejects.toThrow(refused);
      await expect(session.renew(signal)).rejects.toThrow(refused);
      const write = session.write({ kind: 'key', key: 'k', value: 'v' }, undefined, signal);
      await expect(write).rejects.toThrow(refused);
      const watch = registry.watch(scope, cursor, signal)[Symbol.asyncIterator]();
      await expect(watch.next()).rejects.toThrow(refused);
      expect(await readdir(path)).toEqual([]);
      await registry.close();
    });

    it('starts over if its folder is removed', async () => {
      const registry = await file(join(root, 'wiped')).open(deps);
      const scope = { kind: 'key', key: 'k' } as const;
      const record = { ...scope, value: 'v' };
      const session = await registry.openSession({ ttl: 60 }, signal);
      await session.write(record, undefined, signal);
      await rm(join(root, 'wiped'), { recursive: true });
      await expect(session.renew(signal)).rejects.toThrow(/no longer knows session/);
      expect((await registry.list(scope, signal)).entries).toEqual([]);
      const next = await registry.openSession({ ttl: 10 }, signal);
      await expect(next.write(record, undefined, signal)).resolves.toMatchObject({ ok: true });
      await next.end(signal);
      await registry.close();
    });
  });
});
