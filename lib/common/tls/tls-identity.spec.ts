import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect, promisify } from 'node:util';
import { CertificateAuthority } from '../../../test/harness/certificates.js';
import { removeFolder, tempFolder } from '../../../test/harness/temp.js';
import { until } from '../../../test/harness/wait.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { InvalidOptionError } from '../errors/index.js';
import { TlsIdentity, type TlsSources } from './tls-identity.js';

const authority = CertificateAuthority.create('one');
const [first, second] = [authority.issue({ commonName: 'a' }), authority.issue({ commonName: 'b' })];

let folder: string;
beforeEach(async () => {
  folder = await tempFolder('identity');
});
afterEach(async () => {
  await removeFolder(folder);
});

async function put(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

async function loadError(sources: TlsSources): Promise<InvalidOptionError> {
  const error: unknown = await TlsIdentity.load(sources).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InvalidOptionError);
  return error as InvalidOptionError;
}

describe('TlsIdentity', () => {
  it('loads strings, bytes, files and a folder of authorities', async () => {
    const authorities = join(folder, 'authorities');
    await mkdir(authorities);
    await writeFile(join(authorities, 'a.pem'), authority.pem);
    await writeFile(join(authorities, 'b.pem'), CertificateAuthority.create('two').pem);
    await writeFile(join(authorities, 'README'), 'not one');
    const { current } = await TlsIdentity.load({
      ca: authorities,
      cert: Buffer.from(first.cert),
      key: await put('key.pem', first.key),
    });
    expect(current.ca?.toString().match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(current.cert?.toString()).toBe(first.cert);
    expect(current.key?.toString()).toBe(first.key);
  });

  it('loads the authorities of a folder that Kubernetes has mounted', async () => {
    const volume = join(folder, 'volume');
    await mkdir(join(volume, '..2026_01_01'), { recursive: true });
    await writeFile(join(volume, '..2026_01_01', 'ca.crt'), authority.pem);
    await symlink('..2026_01_01', join(volume, '..data'));
    await symlink('..data/ca.crt', join(volume, 'ca.crt'));
    const { current } = await TlsIdentity.load({ ca: volume });
    expect(current.ca?.toString().match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
  });

  it('keeps its object until the content of the files changes', async () => {
    const cert = await put('cert.pem', first.cert);
    const key = await put('key.pem', first.key);
    const identity = await TlsIdentity.load({ cert, key });
    const before = identity.current;
    await identity.refresh();
    expect(identity.current).toBe(before);
    await put('cert.pem', second.cert);
    await put('key.pem', second.key);
    await Promise.all([identity.refresh(), identity.refresh()]);
    expect(identity.current.cert?.toString()).toBe(second.cert);
  });

  it('keeps its object while the files are replaced one by one', async () => {
    const cert = await put('cert.pem', first.cert);
    const key = await put('key.pem', first.key);
    const identity = await TlsIdentity.load({ cert, key });
    const before = identity.current;
    for (const half of [
      async () => await put('cert.pem', second.cert),
      async () => await put('cert.pem', ''),
      async () => {
        await rm(cert);
      },
    ]) {
      await half();
      await identity.refresh();
      expect(identity.current).toBe(before);
    }
  });

  describe('with a file whose reading hangs', () => {
    let fifo: string;
    const clock = new VirtualClock();

    beforeEach(async () => {
      fifo = join(folder, 'ca.pem');
      await promisify(execFile)('mkfifo', [fifo]);
    });

    /** Opens the other end once the file is being read. */
    async function writer(): Promise<FileHandle> {
      return await until('the reader', () => open(fifo, constants.O_WRONLY | constants.O_NONBLOCK));
    }

    async function end(written: FileHandle, content: string): Promise<void> {
      await written.writeFile(content);
      await written.close();
    }

    it('keeps its object and delays a connection once, until the file can be read', async () => {
      const sources = { ca: await put('link.pem', authority.pem) };
      const identity = await TlsIdentity.load(sources, clock);
      const before = identity.current;
      await rm(sources.ca);
      await symlink(fifo, sources.ca);
      const refreshed = [identity.refresh(), identity.refresh(200)];
      const written = await writer();
      await clock.advance(500);
      await Promise.all(refreshed);
      expect(identity.current).toBe(before);
      // Without the clock.
      await identity.refresh();
      await rm(sources.ca);
      await put('link.pem', second.cert);
      await end(written, second.cert);
      await until('the new certificate', () => identity.current !== before);
      await identity.refresh();
      expect(identity.current.ca?.toString()).toBe(second.cert);
      expect(clock.pending).toBe(0);
    });

    it('is refused after 10 seconds at the start', async () => {
      const loading = TlsIdentity.load({ ca: fifo }, clock);
      const refused = expect(loading).rejects.toMatchObject({
        code: 'SIDEKICK_INVALID_OPTION',
        message: `Expected \`tls.ca\` to be PEM or the path of a PEM file, but: Reading ${fifo} was not answered within 10000 ms.`,
      });
      const written = await writer();
      await clock.advance(10_000);
      await refused;
      await end(written, authority.pem);
    });
  });

  it.each<[string, () => Promise<TlsSources>, RegExp]>([
    ['a missing file', async () => ({ ca: '/nowhere/ca.pem' }), /`tls.ca` .* ENOENT.*ca\.pem/],
    [
      'a file without PEM',
      async () => ({ cert: await put('x', 'x') }),
      /`tls.cert` .* the file contains no PEM block/,
    ],
    [
      'the key of another certificate',
      async () => ({ cert: first.cert, key: second.key }),
      /`tls.key` to be the private key of `tls.cert`, got the key of another/,
    ],
    [
      'a key with a passphrase',
      async () => ({
        cert: first.cert,
        key: generateKeyPairSync('ec', {
          namedCurve: 'P-256',
          publicKeyEncoding: { type: 'spki', format: 'pem' },
          privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'canary' },
        }).privateKey,
      }),
      /`tls.key` to be an unencrypted private key, got one with a passphrase/,
    ],
    [
      'a file with a PEM header only',
      async () => ({ cert: '-----BEGIN CERTIFICATE-----\nx', key: first.key }),
      /`tls` to contain certificates and a private key in PEM form, but: /,
    ],
  ])('rejects %s', async (_, sources, sentence) => {
    expect((await loadError(await sources())).message).toMatch(sentence);
  });

  it('never prints a key, even one that is treated as a path', async () => {
    const body = first.key.replace(/-----.*-----\n?/g, '');
    for (const key of [body, body.replace(/\s/g, ''), body.slice(0, 64), 'canary']) {
      const error = await loadError({ cert: first.cert, key });
      const shown = `${inspect(error, { depth: 9 })}${JSON.stringify(error)}${error.stack ?? ''}`;
      expect(error.message).toMatch(
        /`tls.key` to be PEM or the path of a PEM file, but: the file cannot be read \(E/,
      );
      expect(shown).not.toContain(key.trim().slice(0, 40));
    }
  });
});
