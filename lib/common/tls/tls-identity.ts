import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { attempt } from '../async/deadline.js';
import { type Clock, systemClock } from '../clock.js';
import { InvalidOptionError } from '../errors/index.js';

/** Certificates and key in the options: a PEM string, bytes, or the path of a file. `ca` may be the path of a folder. */
export interface TlsSources {
  readonly ca?: string | Buffer | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
}

/** Certificates and key for a connection, in PEM form. */
export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Milliseconds that the first read of the files may take. */
const LOAD_TIMEOUT_MS = 10_000;

/** Milliseconds that a connection waits at most until the files are read again. */
const REFRESH_TIMEOUT_MS = 500;

const NAMES = ['ca', 'cert', 'key'] as const;

type Name = (typeof NAMES)[number];

const PEM = '-----BEGIN ';

function isPath(given: string | Buffer | undefined): given is string {
  return typeof given === 'string' && !given.includes(PEM);
}

/** How long each file may take. */
interface Timing {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

async function read(path: string): Promise<Buffer> {
  if (!(await stat(path)).isDirectory()) return await readFile(path);
  const files = (await readdir(path)).sort().map(async (name) => await readFileIn(path, name));
  const pems = (await Promise.all(files)).filter((content) => content.includes(PEM));
  return Buffer.concat(pems.flatMap((content) => [content, Buffer.from('\n')]));
}

/** The content of a file; nothing for a folder. A volume of Kubernetes has a folder for each version of its files. */
async function readFileIn(folder: string, name: string): Promise<Buffer> {
  const path = join(folder, name);
  return (await stat(path)).isDirectory() ? Buffer.alloc(0) : await readFile(path);
}

async function load(
  name: Name,
  given: string | Buffer | undefined,
  timing: Timing,
): Promise<Buffer | undefined> {
  if (!isPath(given)) return typeof given === 'string' ? Buffer.from(given) : given;
  try {
    const content = await attempt({ ...timing, what: `Reading ${given}` }, () => read(given));
    if (!content.includes(PEM)) throw new Error('the file contains no PEM block');
    return content;
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    // A key that is not valid PEM is treated as a path. The message must not print it.
    const [why, cause] =
      name === 'key' && code !== undefined
        ? [`the file cannot be read (${code})`, undefined]
        : [message.replace(/\.$/, ''), error];
    throw new InvalidOptionError(
      `Expected \`tls.${name}\` to be PEM or the path of a PEM file, but: ${why}.`,
      {
        cause,
      },
    );
  }
}

/** Creates a TLS context as a connection does, so that invalid material is rejected before the first connection. */
function check(material: TlsMaterial): void {
  try {
    createSecureContext(material);
  } catch (error) {
    throw new InvalidOptionError(invalidMaterial(material, error as Error), { cause: error });
  }
}

function invalidMaterial({ key }: TlsMaterial, { message }: Error): string {
  if (message.includes('key values mismatch'))
    return 'Expected `tls.key` to be the private key of `tls.cert`, got the key of another certificate.';
  if (key?.toString('latin1').includes('ENCRYPTED'))
    return 'Expected `tls.key` to be an unencrypted private key, got one with a passphrase.';
  return `Expected \`tls\` to contain certificates and a private key in PEM form, but: ${message.trim()}.`;
}

function sameMaterial(one: TlsMaterial, other: TlsMaterial): boolean {
  return NAMES.every((name) => {
    const [a, b] = [one[name], other[name]];
    return a === b || (a !== undefined && b !== undefined && a.equals(b));
  });
}

/** The certificates and the key of a client. Sources given as paths are read again on request. */
export class TlsIdentity {
  private lastRefresh: Promise<void> = Promise.resolve();
  /** Whether a read takes longer than a connection waits for it, as on a file system that hangs. */
  private stalled = false;

  private constructor(
    private readonly sources: TlsSources,
    private readonly clock: Clock,
    private material: TlsMaterial,
  ) {}

  /**
   * Reads the files, and checks that the key matches the certificate.
   *
   * @throws InvalidOptionError when a file cannot be read or contains no PEM block, or when the key belongs to another
   * certificate or has a passphrase, or when reading takes longer than 10 s. The message never contains the key.
   */
  static async load(sources: TlsSources, clock = systemClock): Promise<TlsIdentity> {
    return new TlsIdentity(sources, clock, await loadAll(sources, { clock, timeoutMs: LOAD_TIMEOUT_MS }));
  }

  /** The material of the last successful read. It is a new object only if the content has changed. */
  get current(): TlsMaterial {
    return this.material;
  }

  /**
   * Reads the files again. Keeps the current material while the files are invalid, such as halfway through a rotation, and
   * while reading them takes longer than half a second, as on a file system that hangs.
   *
   * @param timeoutMs Milliseconds to wait at most, if less.
   */
  async refresh(timeoutMs = REFRESH_TIMEOUT_MS): Promise<void> {
    // Each further read would block one more thread of Node's pool.
    if (this.stalled || !NAMES.some((name) => isPath(this.sources[name]))) return;
    // Sequential: a read that began before the files were replaced is no result for a later caller.
    this.lastRefresh = this.lastRefresh.then(async () => await this.reload());
    const { clock, lastRefresh } = this;
    const what = 'Reading the certificates';
    await attempt(
      { clock, timeoutMs: Math.min(timeoutMs, REFRESH_TIMEOUT_MS), what },
      () => lastRefresh,
    ).catch(() => (this.stalled = true));
  }

  private async reload(): Promise<void> {
    const { material, clock } = this;
    const loaded = await loadAll(this.sources, { clock, timeoutMs: Infinity }).catch(() => material);
    if (!sameMaterial(material, loaded)) this.material = loaded;
    this.stalled = false;
  }
}

async function loadAll(sources: TlsSources, timing: Timing): Promise<TlsMaterial> {
  const loaded = await Promise.all(
    NAMES.map(async (name) => [name, await load(name, sources[name], timing)] as const),
  );
  const material: TlsMaterial = Object.fromEntries(loaded.filter(([, content]) => content !== undefined));
  check(material);
  return material;
}
