import { readFile } from 'node:fs/promises';
import { InvalidOptionError } from '../kernel/errors/index.js';
import { type EtcdTlsOptions } from './options.js';

/** What a connection needs, as bytes. */
export interface EtcdTls {
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
  readonly serverName: string | undefined;
}

const PEM = '-----BEGIN ';

/** PEM text and bytes as they are, a path as what its file holds. */
async function pem(option: string, given: string | Buffer | undefined): Promise<Buffer | undefined> {
  if (given === undefined || typeof given !== 'string') return given;
  if (given.includes(PEM)) return Buffer.from(given);
  try {
    const content = await readFile(given);
    if (!content.includes(PEM)) throw new Error('no PEM block is in it');
    return content;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InvalidOptionError(
      `Expected \`tls.${option}\` to be PEM text or the path of it, but: ${why}.`,
      { cause: error },
    );
  }
}

/**
 * Reads what is given by path.
 *
 * @throws InvalidOptionError when a file cannot be read or holds no PEM block
 */
export async function loadTls(tls: EtcdTlsOptions | undefined): Promise<EtcdTls | undefined> {
  if (!tls) return undefined;
  const [ca, cert, key] = await Promise.all([pem('ca', tls.ca), pem('cert', tls.cert), pem('key', tls.key)]);
  return { ca, cert, key, serverName: tls.serverName };
}
