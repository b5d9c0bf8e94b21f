import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentOptions } from 'node:https';
import { InvalidOptionError } from '../../kernel/errors/index.js';
import { type ConsulTlsOptions } from './options.js';

const PEM = '-----BEGIN ';

async function files(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  return (await readdir(path)).sort().map((name) => join(path, name));
}

/** PEM texts as they are, paths as what their files hold. */
async function pem(option: string, text: string | undefined): Promise<string[] | undefined> {
  if (text === undefined || text.includes(PEM)) return text === undefined ? undefined : [text];
  try {
    const texts = await Promise.all((await files(text)).map((file) => readFile(file, 'utf8')));
    const found = texts.filter((content) => content.includes(PEM));
    if (found.length === 0) throw new Error('no PEM block is in it');
    return found;
  } catch (error) {
    const why = (error as Error).message;
    throw new InvalidOptionError(
      `Expected \`tls.${option}\` to be PEM text or the path of it, but: ${why}.`,
      {
        cause: error,
      },
    );
  }
}

/**
 * What `https.Agent` needs.
 *
 * @throws InvalidOptionError when a file cannot be read or holds no PEM block
 */
export async function tlsAgentOptions(tls: ConsulTlsOptions): Promise<AgentOptions> {
  const [ca, cert, key] = await Promise.all([pem('ca', tls.ca), pem('cert', tls.cert), pem('key', tls.key)]);
  return {
    rejectUnauthorized: tls.verify ?? true,
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}
