import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Env, failure, load } from '../../test/harness/in-memory/containerpilot.js';
import { type ConsulDescription } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'containerpilot-'));
afterAll(() => rmSync(folder, { recursive: true }));

function consul(text: string, env: Env = {}): ConsulDescription {
  const { registry } = load(text, env);
  if (registry.kind !== 'consul') throw new Error('Expected Consul.');
  return registry;
}

describe('consul', () => {
  it.each([
    ['agent:1234', 'agent', 1234, false],
    ['agent', 'agent', 8500, false],
    ['http://agent:1234/', 'agent', 1234, false],
    ['https://agent', 'agent', 443, true],
    ['HTTPS://agent:1', 'agent', 1, true],
    ['[::1]:8500', '::1', 8500, false],
    ['10.0.0.1:80', '10.0.0.1', 80, false],
  ])('is %s', (text, host, port, secure) => {
    expect(consul(JSON.stringify({ consul: text }))).toMatchObject({
      host,
      port,
      secure,
      tls: { verify: true },
    });
  });

  it.each([
    '""',
    '"a b"',
    '"agent:99999"',
    '"ftp://agent"',
    '5',
    '[]',
    '{}',
    '{address: ""}',
    '{address: "a:1", scheme: "x"}',
    '{address: "a:1", tls: {verify: "perhaps"}, scheme: "https"}',
    '"http://me:pw@agent:1"',
  ])('is not %s', (text) => {
    expect(failure(`{consul: ${text}}`).path).toMatch(/^consul/);
    expect(failure(`{consul: ${text}}`).message).not.toContain('pw');
  });

  it('defaults to the agent at CONSUL_HOST and CONSUL_PORT', () => {
    expect(consul('{}')).toMatchObject({ host: 'consul', port: 8500 });
    expect(consul('{}', { CONSUL_HOST: 'c1', CONSUL_PORT: '85' })).toMatchObject({ host: 'c1', port: 85 });
    expect(consul('{}', { CONSUL_HOST: 'http://c1' })).toMatchObject({
      host: 'c1',
      port: 8500,
      secure: false,
    });
    expect(consul('{}', { CONSUL_HOST: 'fd00::1', CONSUL_PORT: '85' })).toMatchObject({
      host: 'fd00::1',
      port: 85,
    });
    expect(failure('{}', { CONSUL_HOST: 'a b' }).message).toContain('CONSUL_HOST');
  });

  it('is overridden by the environment variables of Consul', () => {
    const env = {
      CONSUL_HTTP_TOKEN: 't1',
      CONSUL_CACERT: 'ca',
      CONSUL_CAPATH: 'cas/',
      CONSUL_CLIENT_CERT: 'crt',
      CONSUL_CLIENT_KEY: 'key',
      CONSUL_TLS_SERVER_NAME: 'name',
      CONSUL_HTTP_SSL_VERIFY: 'false',
    };
    const text = '{consul: {address: "a:1", scheme: "https", token: "t0", tls: {cafile: "x", verify: true}}}';
    expect(consul(text, env)).toMatchObject({
      token: 't1',
      tls: {
        caFile: 'ca',
        caPath: 'cas/',
        certFile: 'crt',
        keyFile: 'key',
        serverName: 'name',
        verify: false,
      },
    });
    expect(consul(text, { CONSUL_HTTP_TOKEN: '' }).token).toBe('t0');
  });

  it('warns about TLS settings without https', () => {
    expect(load('{consul: {address: "a:1", tls: {cafile: "x"}}}').warnings).toEqual([
      expect.stringContaining('`consul.tls` is ignored'),
    ]);
  });
});
