import { jest } from '@jest/globals';
import { chmod, chown, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFolder, tempFolder } from '../../test/harness/temp.js';
import { systemClock } from '../common/clock.js';
import { silentLogger } from '../common/logger.js';
import { completeInstance } from '../registry/instance.js';
import { encodeSnapshot, type SnapshotList } from './snapshot-codec.js';
import { SnapshotFile } from './snapshot-file.js';

describe('the snapshot file', () => {
  let folder: string;
  let path: string;
  let warnings: string[];
  let file: SnapshotFile;

  beforeEach(async () => {
    folder = await tempFolder('snapshot');
    path = join(folder, 'lists.json');
    warnings = [];
    const logger = { ...silentLogger, warn: (text: string) => void warnings.push(text) };
    file = new SnapshotFile(path, logger, systemClock);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await removeFolder(folder);
  });

  const modeOf = async (name: string): Promise<number> => (await stat(name)).mode & 0o777;

  it.each([0o000, 0o022, 0o077, 0o777])('is readable by its owner alone under umask %o', async (umask) => {
    const before = process.umask(umask);
    try {
      await file.save([]);
    } finally {
      process.umask(before);
    }
    expect(await modeOf(path)).toBe(0o600);
    expect(await file.load()).toEqual([]);
    expect(warnings).toEqual([]);
    expect(await readdir(folder)).toEqual(['lists.json']);
  });

  it('deletes temporary files of killed writers, and no file that is being written', async () => {
    const abandoned = `${path}.${'a'.repeat(24)}.tmp`;
    const long = new Date(Date.now() - 3_600_000);
    for (const name of [
      abandoned,
      `${path}.${'b'.repeat(24)}.tmp`,
      `${path}.mine.tmp`,
      `${folder}/other.json.${'a'.repeat(24)}.tmp`,
    ])
      await writeFile(name, '');
    for (const name of [abandoned, `${path}.mine.tmp`, `${folder}/other.json.${'a'.repeat(24)}.tmp`])
      await utimes(name, long, long);
    expect(await file.load()).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual([
      `lists.json.${'b'.repeat(24)}.tmp`,
      'lists.json.mine.tmp',
      `other.json.${'a'.repeat(24)}.tmp`,
    ]);
    expect(warnings).toEqual([]);
  });

  it('replaces a symbolic link at its path and never writes to its target', async () => {
    const victim = join(folder, 'victim');
    await writeFile(victim, 'precious');
    await symlink(victim, path);
    await file.save([]);
    expect(await readFile(victim, 'utf8')).toBe('precious');
    expect(await file.load()).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('is not written through a temporary file with a predictable name', async () => {
    const victim = join(folder, 'victim');
    await writeFile(victim, 'precious');
    for (let n = 0; n < 5; n++) await symlink(victim, `${path}.${process.pid}-${n}.tmp`);
    await file.save([]);
    expect(await readFile(victim, 'utf8')).toBe('precious');
  });

  it.each<[string, () => Promise<void>, RegExp]>([
    [
      'is a link',
      async () => {
        await writeFile(join(folder, 'theirs'), encodeSnapshot([]), { mode: 0o600 });
        await symlink(join(folder, 'theirs'), path);
      },
      /ELOOP/,
    ],
    [
      'is writable by others',
      async () => {
        await writeFile(path, encodeSnapshot([]));
        await chmod(path, 0o666);
      },
      /Other users can write it: its mode must be 0600\./,
    ],
    [
      'is a folder',
      async () => {
        await mkdir(path);
      },
      /It is not a regular file/,
    ],
  ])('is ignored when it %s', async (_, plant, warning) => {
    await plant();
    expect(await file.load()).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(warning)]);
  });

  const DAY = 86_400_000;
  const list = (service: string, confirmedAtMs: number, ...ids: string[]): SnapshotList => ({
    source: { service },
    confirmedAtMs,
    endpoints: ids.map((id) => completeInstance({ service, id, address: '10.0.0.1', port: 80 })),
  });
  const idsOf = async (): Promise<Record<string, string[]>> =>
    Object.fromEntries(
      (await file.load()).map(({ source, endpoints }) => [source.service, endpoints.map(({ id }) => id)]),
    );

  it('is not written above the size that is read, and stays as it was', async () => {
    const logger = { ...silentLogger, warn: (text: string) => void warnings.push(text) };
    const small = new SnapshotFile(path, logger, systemClock, 1_024);
    const now = Date.now();
    const many = Array.from({ length: 20 }, (_, n) => `i${n}`);
    await small.save([list('a', now - 1, 'first')]);
    const encode = jest.spyOn(JSON, 'stringify');
    await small.save([list('a', now, ...many)]);
    await small.save([list('a', now, ...many, 'one more')]);
    // Lists that are too long take long to encode.
    expect(encode.mock.calls.filter(([value]) => 'version' in Object(value))).toHaveLength(1);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^Cannot write the snapshot \S+; the lists in memory stay in use: It would have \d+ bytes, and at most 1024 are read\. The file stays as it was\./,
      ),
    ]);
    expect(await idsOf()).toEqual({ a: ['first'] });
    await small.save([list('a', now, 'last')]);
    expect(await idsOf()).toEqual({ a: ['last'] });
    expect(warnings).toHaveLength(1);
  });

  it('is read again only after another process has written it', async () => {
    const now = Date.now();
    await new SnapshotFile(path, silentLogger, systemClock).save([list('x', now, 'x')]);
    await file.load();
    const parse = jest.spyOn(JSON, 'parse');
    for (let save = 0; save < 3; save++) await file.save([list('a', now - 9 + save, `a${save}`)]);
    expect(parse).not.toHaveBeenCalled();
    await new SnapshotFile(path, silentLogger, systemClock).save([list('b', now, 'b')]);
    parse.mockClear();
    for (let save = 3; save < 6; save++) await file.save([list('a', now - 9 + save, `a${save}`)]);
    expect(parse).toHaveBeenCalledTimes(1);
    expect(await idsOf()).toEqual({ x: ['x'], a: ['a5'], b: ['b'] });
  });

  // Only root can change the owner of a file.
  if (process.getuid?.() === 0)
    it('is ignored when it belongs to another user', async () => {
      await writeFile(path, encodeSnapshot([]), { mode: 0o600 });
      await chown(path, 65_534, 65_534);
      expect(await file.load()).toEqual([]);
      expect(warnings).toEqual([expect.stringMatching(/belongs to user 65534, not to user 0\./)]);
    });

  describe('written by several processes', () => {
    it('preserves the lists of each of them', async () => {
      // On this clock a writer waits for the lock without limit: eight writes may take a slow disk more than a second.
      const clock = { ...systemClock, now: () => 0 };
      const files = Array.from({ length: 8 }, () => new SnapshotFile(path, silentLogger, clock));
      await Promise.all(files.map((one, n) => one.save([list(`s${n}`, Date.now(), `i${n}`)])));
      expect(await idsOf()).toEqual(
        Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`s${n}`, [`i${n}`]])),
      );
      expect(await readdir(folder)).toEqual(['lists.json']);
    });

    it('preserves lists that a process does not watch for seven days, and those it watches without limit', async () => {
      const now = Date.now();
      await file.save([list('old', now - 8 * DAY), list('young', now - 6 * DAY), list('own', now - 9 * DAY)]);
      await file.save([list('own', now - 9 * DAY)]);
      expect(Object.keys(await idsOf()).sort()).toEqual(['own', 'young']);
    });

    it('uses the list that the registry confirmed later, unless its time is in the future', async () => {
      const now = Date.now();
      await file.save([
        list('a', now - 1, 'later'),
        list('b', now - 9, 'earlier'),
        list('c', now + DAY, 'future'),
      ]);
      await file.save(['a', 'b', 'c'].map((service) => list(service, now - 5, 'own')));
      expect(await idsOf()).toEqual({ a: ['later'], b: ['own'], c: ['own'] });
    });

    it('takes over the lock of a killed writer, and waits a second at most for a live one', async () => {
      await writeFile(`${path}.lock`, 'killed');
      const long = new Date(Date.now() - 60_000);
      await utimes(`${path}.lock`, long, long);
      await file.save([list('a', Date.now())]);
      expect(await readdir(folder)).toEqual(['lists.json']);
      await writeFile(`${path}.lock`, 'alive');
      await file.save([list('b', Date.now())]);
      expect(Object.keys(await idsOf()).sort()).toEqual(['a', 'b']);
      expect(await readFile(`${path}.lock`, 'utf8')).toBe('alive');
      expect(warnings).toEqual([]);
    });
  });
});
