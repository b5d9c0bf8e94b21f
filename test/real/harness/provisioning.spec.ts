import { removeFolder, tempFolder } from '../../harness/temp.js';
import { provision } from '../../../scripts/servers/provision.mjs';

describe('provisioning', () => {
  let empty: string;
  beforeAll(async () => {
    empty = await tempFolder('empty');
  });
  afterAll(async () => {
    await removeFolder(empty);
  });

  it('names every way to provide what is missing, in one error', async () => {
    const env = { PATH: empty, SIDEKICK_OFFLINE: '1' };
    const failure = await provision({ env, caches: [empty] }).catch((error: unknown) => error as Error);
    expect(failure).toMatchObject({ code: 'SERVER_MISSING', servers: ['etcd', 'etcdctl', 'consul'] });
    expect((failure as Error).message)
      .toContain(`Expected etcd 3.4 or newer for the tests, found none. To provide it:
  - set ETCD_BIN to the path of the program
  - or put \`etcd\` on the PATH
  - or, on Debian, install the package \`etcd-server\``);
    expect((failure as Error).message).toContain('CONSUL_BIN');
  });

  it('never replaces what was named on purpose', async () => {
    const env = { ETCD_BIN: '/nowhere/etcd', PATH: process.env.PATH };
    await expect(provision({ servers: ['etcd'], env })).rejects.toThrow(
      'ETCD_BIN: /nowhere/etcd is not an executable program',
    );
  });

  it('refuses another program under the name of a server', async () => {
    const env = { CONSUL_BIN: '/bin/echo', PATH: process.env.PATH };
    await expect(provision({ servers: ['consul'], env })).rejects.toThrow('is not Consul 1.8 or newer');
  });

  it('takes what the environment names', async () => {
    const etcd = process.env.ETCD_BIN;
    const paths = await provision({
      servers: ['etcd'],
      env: { ETCD_BIN: etcd, PATH: empty },
      caches: [empty],
    });
    expect(paths).toEqual({ etcd });
  });
});
