import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The benchmark's own folder, so that no peer enters the package's dependencies. */
const FOLDER = fileURLToPath(new URL('../../../.cache/bench', import.meta.url));

/** Libraries that pick endpoints, in the versions that are compared. */
export const PEERS = {
  piloted: '3.2.0',
  '@nestcloud/loadbalance': '0.7.17',
  moleculer: '0.14.36',
} as const;

export type PeerName = keyof typeof PEERS;

/** Loads a module of a peer, installing the peer first. Resolves with undefined, and logs why, if that fails. */
export async function loadPeer(name: PeerName, path = ''): Promise<unknown> {
  try {
    const folder = join(FOLDER, name.replace('/', '-'));
    const home = join(folder, 'node_modules', name);
    if (!existsSync(join(home, 'package.json'))) await install(folder, name);
    // By its path: a package may not export the module.
    return createRequire(join(folder, 'package.json'))(home + path) as unknown;
  } catch (error) {
    console.error(`The peer ${name}@${PEERS[name]} is missing in this run: ${String(error)}`);
    return undefined;
  }
}

async function install(folder: string, name: PeerName): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  // Peer dependencies are the application's: Nest, which is installed already.
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps', '--no-save'];
  await promisify(execFile)('npm', [...args, `${name}@${PEERS[name]}`], { cwd: folder, timeout: 120_000 });
}
