import fc from 'fast-check';
import { InvalidOptionError } from '../../common/errors/index.js';
import { consul } from './consul.js';
import { consulSettings } from './options.js';
import { consulFromUrl } from './url.js';

describe('consulFromUrl', () => {
  it.each([
    ['consul://', 'consul://127.0.0.1:8500'],
    ['consul://consul.local', 'consul://consul.local:8500'],
    ['consul://10.0.0.1:9500/', 'consul://10.0.0.1:9500'],
    ['consuls://consul.local', 'consuls://consul.local:8501'],
    ['consul://[::1]:8500', 'consul://[::1]:8500'],
    ['consul://h:1?dc=east&token=secret', 'consul://h:1?dc=east'],
  ])('parses %s', (url, shown) => {
    expect(consulFromUrl(url).url).toBe(shown);
  });

  it('is equivalent to consul() with the same options', () => {
    const url =
      'consuls://h:1?dc=east&token=t&timeout=0.5&deregisterAfter=120&enableTagOverride=true&initialStatus=warning' +
      '&proxy=env&ca=/ca.pem&cert=/c.pem&key=/k.pem&serverName=consul.east&verify=false';
    const options = {
      host: 'h',
      port: 1,
      secure: true,
      dc: 'east',
      token: 't',
      proxy: 'env',
      timeout: 0.5,
      deregisterAfter: 120,
      enableTagOverride: true,
      initialStatus: 'warning',
      tls: { ca: '/ca.pem', cert: '/c.pem', key: '/k.pem', serverName: 'consul.east', verify: false },
    } as const;
    expect(consulFromUrl(url).identity).toBe(consul(options).identity);
    expect(consulFromUrl(url).identity).not.toBe(consul({ ...options, token: 'u' }).identity);
  });

  it.each([
    [
      'consul://h:1?tokn=secret-canary',
      /parameters among dc, token, .* got `tokn` in consul:\/\/h:1\?tokn=\*\*\*\.$/,
    ],
    ['consul://h:99999', /Expected the registry URL/],
    ['consul://:secret-canary@h:1', /token as `\?token=…`/],
    ['consul://h:1/path', /no path/],
    ['consul://h:1?dc=a&dc=b', /each parameter once, got `dc`/],
    ['consul://h:1?dc=', /`dc` to be the name of a datacenter, got ""/],
    [
      'consul://h:1?timeout=soon',
      /`timeout` to be a number of seconds, greater than 0 and at most 60, got "soon"/,
    ],
    [
      'consul://h:1?timeout=500',
      /`timeout` to be a number of seconds, greater than 0 and at most 60, got 500/,
    ],
    ['consul://h:1?timeout=0', /`timeout` to be a number of seconds/],
    ['consul://h:1?verify=maybe', /`tls.verify` to be true or false, got "maybe"/],
    ['consul://h:1?ca=/ca.pem', /`tls` to be left out when `secure` is false/],
    ['consuls://h:1?cert=/c.pem', /`cert` and `key` together/],
    [
      'consul://h:1?token=secret canary',
      /`token` to be a string of visible ASCII characters, got "\(a secret\)"/,
    ],
    ['consul://h:1?token=secret-canary&tokenFile=/t', /either as `token` or as `tokenFile`/],
    [
      'consul://h:1?deregisterAfter=5',
      /`deregisterAfter` to be an integer of seconds, 0 or at least 60, got 5/,
    ],
    ['consul://h:1?initialStatus=fine', /`initialStatus` to be "passing", "warning" or "critical"/],
  ])('rejects %s in one sentence without secrets', (url, message) => {
    expect(() => consulFromUrl(url)).toThrow(InvalidOptionError);
    expect(() => consulFromUrl(url)).toThrow(message);
    try {
      consulFromUrl(url);
    } catch (error) {
      expect(String(error)).not.toContain('canary');
    }
  });

  it('throws only InvalidOptionError for arbitrary parameters', () => {
    const query = fc
      .array(fc.tuple(fc.string(), fc.string()))
      .map((pairs) => new URLSearchParams(pairs).toString());
    fc.assert(
      fc.property(fc.oneof(fc.string(), query), (text) => {
        try {
          consulFromUrl(`consul://h:1?${text}`);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidOptionError);
        }
      }),
    );
  });
});

describe('consulSettings', () => {
  it('converts the timeout from seconds to milliseconds', () => {
    expect(consulSettings({})).toMatchObject({ timeoutMs: 3_000 });
    expect(consulSettings({ timeout: 0.5 })).toMatchObject({ timeoutMs: 500, givenTimeoutMs: 500 });
  });
});

describe('consul', () => {
  it.each([
    [{ host: 'not a host' }, /`host`/],
    [{ port: 0 }, /`port`/],
    [{ hots: 'x' }, /options of consul to be among host, .* got `hots`/],
    [{ tls: { carbon: 'x' } }, /got `tls.carbon`/],
    [{ token: 12345 }, /`token`/],
  ])('rejects %j', (options, message) => {
    expect(() => consul(options as never)).toThrow(message);
    expect(() => consul(options as never)).not.toThrow('12345');
  });
});
