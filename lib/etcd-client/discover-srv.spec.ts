import { EtcdDiscoveryError } from './errors/index.js';
import { discoverSrv, type ResolveSrv } from './discover-srv.js';

const SSL = '_etcd-client-ssl._tcp.example.org';
const PLAIN = '_etcd-client._tcp.example.org';

function dns(records: Readonly<Record<string, readonly { name: string; port: number }[]>>): ResolveSrv {
  return async (name) => {
    const found = records[name];
    if (!found) throw new Error(`querySrv ENOTFOUND ${name}`);
    return await Promise.resolve(found);
  };
}

describe('discoverSrv', () => {
  it('resolves both records and removes trailing dots', async () => {
    const found = await discoverSrv(
      'example.org',
      dns({
        [SSL]: [{ name: 'a.example.org.', port: 2379 }],
        [PLAIN]: [
          { name: 'b.example.org', port: 2380 },
          { name: 'c.example.org.', port: 2379 },
        ],
      }),
    );
    expect(found).toEqual([
      'https://a.example.org:2379',
      'http://b.example.org:2380',
      'http://c.example.org:2379',
    ]);
  });

  it('accepts one of the two records', async () => {
    expect(await discoverSrv('example.org', dns({ [PLAIN]: [{ name: 'b.', port: 1 }] }))).toEqual([
      'http://b:1',
    ]);
    expect(await discoverSrv('example.org', dns({ [SSL]: [{ name: 'b.', port: 1 }] }))).toEqual([
      'https://b:1',
    ]);
  });

  it('ignores a record without a target, which declares that the service is not offered', async () => {
    const none = [{ name: '.', port: 0 }];
    const plain = [{ name: 'b.', port: 1 }];
    expect(await discoverSrv('example.org', dns({ [SSL]: none, [PLAIN]: plain }))).toEqual(['http://b:1']);
    const empty = dns({ [SSL]: none, [PLAIN]: [{ name: '', port: 0 }] });
    await expect(discoverSrv('example.org', empty)).rejects.toBeInstanceOf(EtcdDiscoveryError);
  });

  it('reports both reasons when both fail', async () => {
    const error: unknown = await discoverSrv('example.org', dns({})).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(EtcdDiscoveryError);
    expect((error as Error).message).toContain(SSL);
    expect((error as EtcdDiscoveryError).errors).toHaveLength(2);
  });

  it('refuses a value that is not a hostname', async () => {
    await expect(discoverSrv('not a domain', dns({}))).rejects.toThrow(/`domain` to be a hostname/);
  });
});
