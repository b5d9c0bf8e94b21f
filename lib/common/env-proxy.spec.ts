import { envProxy } from './env-proxy.js';

const VARIABLES = { proxy: ['https_proxy', 'http_proxy'], direct: ['no_proxy'] };

function find(env: Record<string, string>, host = '10.0.0.1', port = 2379): string | undefined {
  return envProxy(VARIABLES, { host, port }, env)?.label;
}

describe('envProxy', () => {
  it('uses the first variable that is set, and labels it without its credentials', () => {
    const env = { https_proxy: '', http_proxy: 'http://user:p%40ss@proxy.example:3128' };
    expect(envProxy(VARIABLES, { host: '10.0.0.1', port: 2379 }, env)).toEqual({
      host: 'proxy.example',
      port: 3128,
      credentials: 'user:p@ss',
      label: 'the proxy http://proxy.example:3128 of the variable http_proxy',
    });
    expect(find({ http_proxy: 'http://[fd00::1]' })).toContain('http://[fd00::1]:80 ');
  });

  it.each([
    ['100%', '100%'],
    ['%70%C3%A9%zz', 'pé%zz'],
  ])('takes the password %s, whose percent signs are not all escaped', (password, expectedPassword) => {
    const env = { http_proxy: `http://user:${password}@proxy:3128` };
    const found = envProxy(VARIABLES, { host: '10.0.0.1', port: 2379 }, env);
    expect(found?.credentials).toBe(`user:${expectedPassword}`);
  });

  it.each([{}, { http_proxy: 'proxy' }, { http_proxy: 'socks5://proxy:1080' }])(
    'finds no proxy in %j',
    (env) => {
      expect(find(env)).toBeUndefined();
    },
  );

  it.each([
    ['*', '10.0.0.1'],
    ['10.0.0.1', '10.0.0.1'],
    ['x, 10.0.0.1:2379', '10.0.0.1'],
    ['10.0.0.0/8', '10.0.0.1'],
    ['fd00::/8', 'fd00::1'],
    ['example.com', 'etcd.example.com'],
    ['.example.com', 'ETCD.example.com'],
    ['*.example.com', 'etcd.example.com'],
  ])('no_proxy=%s exempts %s', (no_proxy, host) => {
    expect(find({ http_proxy: 'http://p:1', no_proxy }, host)).toBeUndefined();
  });

  it.each([
    ['10.0.0.1:2380', '10.0.0.1'],
    ['10.1.0.0/16', '10.0.0.1'],
    ['fd00::/16', 'fd01::1'],
    ['example.com', 'notexample.com'],
    ['0.1', '10.0.0.1'],
    [',', 'etcd'],
    ['10.0.0.0/99', '10.0.0.1'],
  ])('no_proxy=%s does not exempt %s', (no_proxy, host) => {
    expect(find({ http_proxy: 'http://p:1', no_proxy }, host)).toContain('http://p:1');
  });
});
