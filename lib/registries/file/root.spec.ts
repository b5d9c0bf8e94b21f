import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RegistryRefusedError } from '../../common/errors/index.js';
import { Layout } from './layout.js';
import { ensureRoot } from './root.js';
import { replaceFile } from './write-file.js';

describe('the folder of a file registry', () => {
  let parent: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'sidekick-root-'));
  });
  afterEach(async () => {
    await rm(parent, { recursive: true });
  });

  it('is created with access for its owner only', async () => {
    const layout = new Layout(join(parent, 'a', 'b'));
    await ensureRoot(layout);
    await ensureRoot(layout);
    for (const folder of [layout.root, layout.keys, layout.services, layout.sessions, layout.temporary])
      expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it.each([0o777, 0o1777, 0o770, 0o702])('is refused if others can write to it: %o', async (mode) => {
    const root = join(parent, 'open');
    await mkdir(root);
    await chmod(root, mode);
    await expect(ensureRoot(new Layout(root))).rejects.toThrow(
      new RegistryRefusedError(
        `The folder ${root} of the file registry is writable by other users: run chmod 700 ${root}, or name another folder.`,
      ),
    );
  });

  it('is refused if it is a symbolic link', async () => {
    const root = join(parent, 'link');
    await symlink(parent, root);
    await expect(ensureRoot(new Layout(root))).rejects.toThrow(/is a symbolic link or not a folder/);
  });

  it('is refused if a folder within is a symbolic link or writable by others', async () => {
    const layout = new Layout(join(parent, 'own'));
    await ensureRoot(layout);
    await chmod(layout.services, 0o777);
    await expect(ensureRoot(layout)).rejects.toThrow(/services of the file registry is writable by other/);
    await chmod(layout.services, 0o700);
    await rm(layout.keys, { recursive: true });
    await symlink(parent, layout.keys);
    await expect(ensureRoot(layout)).rejects.toThrow(/keys of the file registry is a symbolic link/);
  });

  it.each([0o000, 0o022, 0o077])('is private with the umask %o', async (umask) => {
    const before = process.umask(umask);
    try {
      const layout = new Layout(join(parent, 'masked', 'deep'));
      await ensureRoot(layout);
      await replaceFile(layout, join(layout.keys, 'x'), 'text');
      for (const folder of [join(parent, 'masked'), layout.root, layout.keys])
        expect((await stat(folder)).mode & 0o777).toBe(0o700);
      expect((await stat(join(layout.keys, 'x'))).mode & 0o777).toBe(0o600);
    } finally {
      process.umask(before);
    }
  });

  it('is refused if it is a file', async () => {
    const root = join(parent, 'file');
    await writeFile(root, '');
    await expect(ensureRoot(new Layout(root))).rejects.toThrow(/is a symbolic link or not a folder/);
    await expect(ensureRoot(new Layout(join(root, 'below')))).rejects.toThrow(/ENOTDIR/);
  });

  // Windows has no /proc, and would create it.
  (process.platform === 'win32' ? it.skip : it)(
    'fails below /proc, where no folder can be created',
    async () => {
      await expect(ensureRoot(new Layout('/proc/sidekick/registry'))).rejects.toThrow(
        /^(ENOENT|EACCES|EPERM|EROFS)/,
      );
    },
  );

  const asRoot = process.getuid?.() === 0;
  it(
    asRoot ? 'is refused if it belongs to another user' : 'cannot be created where the user may not write',
    async () => {
      if (asRoot) {
        const { chown } = await import('node:fs/promises');
        const root = join(parent, 'theirs');
        await mkdir(root, { mode: 0o700 });
        await chown(root, 65_534, 65_534);
        await expect(ensureRoot(new Layout(root))).rejects.toThrow(/belongs to user 65534, not to user 0/);
      } else {
        await chmod(parent, 0o500);
        await expect(ensureRoot(new Layout(join(parent, 'x')))).rejects.toThrow(/EACCES/);
        await chmod(parent, 0o700);
      }
    },
  );
});
