import { execFile } from 'node:child_process';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Line } from '../measure/line.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

interface Packed {
  readonly size: number;
  readonly unpackedSize: number;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Bytes of all files of a package, without the packages that are nested in it. */
async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += entry.name === 'node_modules' ? 0 : await sizeOf(path);
    else if (entry.isFile()) bytes += (await stat(path)).size;
  }
  return bytes;
}

/** The folder of a dependency, as Node.js would find it from `folder`. */
async function find(name: string, folder: string): Promise<string> {
  for (let from = folder; ; from = join(from, '..')) {
    const candidate = join(from, 'node_modules', name);
    if (await stat(candidate).catch(() => undefined)) return candidate;
    if (from === join(from, '..')) throw new Error(`The dependency ${name} of ${folder} is not installed.`);
  }
}

/** Adds the folders of all dependencies of a package to `found`. */
async function collect(folder: string, found: Set<string>): Promise<void> {
  const { dependencies = {} } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
  for (const name of Object.keys(dependencies)) {
    const home = await find(name, folder);
    if (found.has(home)) continue;
    found.add(home);
    await collect(home, found);
  }
}

const megabytes = (bytes: number): number => bytes / 1e6;

/** The package as it would be published, and every direct dependency with those of its own. */
export async function measure(): Promise<readonly Line[]> {
  const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    maxBuffer: 64e6,
  });
  const [packed] = JSON.parse(stdout) as Packed[];
  if (!packed) throw new Error('Expected `npm pack` to describe one package.');
  const { dependencies = {} } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;
  const counted = new Set<string>();
  const lines: Line[] = [];
  let total = packed.unpackedSize;
  for (const name of Object.keys(dependencies)) {
    const before = new Set(counted);
    const home = await find(name, ROOT);
    counted.add(home);
    await collect(home, counted);
    let bytes = 0;
    const added = [...counted].filter((folder) => !before.has(folder));
    for (const folder of added) bytes += await sizeOf(folder);
    total += bytes;
    const others = added.length - 1;
    lines.push({
      what: `\`${name}\``,
      unit: 'MB',
      ours: [megabytes(bytes)],
      note: others > 0 ? `with ${others} packages that no dependency above has` : 'alone',
    });
  }
  return [
    { what: 'the package, compressed', unit: 'MB', ours: [megabytes(packed.size)] },
    { what: 'the package, installed', unit: 'MB', ours: [megabytes(packed.unpackedSize)] },
    ...lines,
    {
      what: 'all of it, installed',
      unit: 'MB',
      ours: [megabytes(total)],
      note: `${counted.size + 1} packages`,
    },
  ];
}
