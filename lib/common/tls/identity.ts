import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { InvalidOptionError } from '../errors/index.js';

/** Certificates as options give them: PEM text, bytes, or the path of a file; `ca` also of a folder. */
export interface TlsSources {
  readonly ca?: string | Buffer | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
}

/** Certificates as a connection takes them. */
export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

const NAMES = ['ca', 'cert', 'key'] as const;

type Name = (typeof NAMES)[number];

const PEM = '-----BEGIN ';

function isPath(given: string | Buffer | undefined): given is string {
  return typeof given === 'string' && !given.includes(PEM);
}

async function read(path: string): Promise<Buffer> {
  if (!(await stat(path)).isDirectory()) return await readFile(path);
  const files = (await readdir(path)).sort().map(async (name) => await readFile(join(path, name)));
  const pems = (await Promise.all(files)).filter((content) => content.includes(PEM));
  return Buffer.concat(pems.flatMap((content) => [content, Buffer.from('\n')]));
}

async function load(name: Name, given: string | Buffer | undefined): Promise<Buffer | undefined> {
  if (!isPath(given)) return typeof given === 'string' ? Buffer.from(given) : given;
  try {
    const content = await read(given);
    if (!content.includes(PEM)) throw new Error('no PEM block is in it');
    return content;
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    // What was meant as a key and is no PEM text is taken for a path: a message must not bring it to light.
    const [why, cause] =
      name === 'key' && code !== undefined ? [`it cannot be read (${code})`, undefined] : [message, error];
    throw new InvalidOptionError(`Expected \`tls.${name}\` to be PEM text or the path of it, but: ${why}.`, {
      cause,
    });
  }
}

/** Makes what a connection would make of it, so that what does not fit is found at once. */
function check(material: TlsMaterial): void {
  try {
    createSecureContext(material);
  } catch (error) {
    throw new InvalidOptionError(complaint(material, error as Error), { cause: error });
  }
}

function complaint({ key }: TlsMaterial, { message }: Error): string {
  if (message.includes('key values mismatch'))
    return 'Expected `tls.key` to be the private key of `tls.cert`, got that of another certificate.';
  if (key?.toString('latin1').includes('ENCRYPTED'))
    return 'Expected `tls.key` to be a private key that is not encrypted, got one with a passphrase.';
  return `Expected \`tls\` to hold certificates and a private key in PEM form, but: ${message.trim()}.`;
}

function same(one: TlsMaterial, other: TlsMaterial): boolean {
  return NAMES.every((name) => {
    const [a, b] = [one[name], other[name]];
    return a === b || (a !== undefined && b !== undefined && a.equals(b));
  });
}

/** Who a client is and whom it trusts. What is given by path is read again when it is asked to. */
export class TlsIdentity {
  private refreshed: Promise<void> = Promise.resolve();

  private constructor(
    private readonly sources: TlsSources,
    private material: TlsMaterial,
  ) {}

  /**
   * Reads what is given by path, and checks that it fits together.
   *
   * @throws InvalidOptionError when a file cannot be read or holds no PEM block, or the key is not the certificate's or
   * has a passphrase; never with the key in it
   */
  static async load(sources: TlsSources): Promise<TlsIdentity> {
    return new TlsIdentity(sources, await loadAll(sources));
  }

  /** Another object as soon as there is something new. */
  get current(): TlsMaterial {
    return this.material;
  }

  /** Reads the files again. While they are being replaced, and do not fit together, the old ones stay. */
  async refresh(): Promise<void> {
    if (!NAMES.some((name) => isPath(this.sources[name]))) return;
    // One after the other: a reading that has begun before the files were replaced does not count for who asks after.
    this.refreshed = this.refreshed.then(async () => await this.reload());
    await this.refreshed;
  }

  private async reload(): Promise<void> {
    const { material } = this;
    const now = await loadAll(this.sources).catch(() => material);
    if (!same(material, now)) this.material = now;
  }
}

async function loadAll(sources: TlsSources): Promise<TlsMaterial> {
  const loaded = await Promise.all(
    NAMES.map(async (name) => [name, await load(name, sources[name])] as const),
  );
  const material: TlsMaterial = Object.fromEntries(loaded.filter(([, content]) => content !== undefined));
  check(material);
  return material;
}
