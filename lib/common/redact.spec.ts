import { expectLinear } from '../../test/harness/in-memory/growth.js';
import { expected, formatValue } from './expected.js';
import { redactUrl } from './redact.js';

describe('redactUrl', () => {
  it.each([
    [
      'etcd://h1:2379,h2:2379/prefix?tls=true&timeout=500',
      'etcd://h1:2379,h2:2379/prefix?tls=true&timeout=500',
    ],
    [
      'consul://h:8500?dc=east&tokenFile=/run/t&verify=false',
      'consul://h:8500?dc=east&tokenFile=/run/t&verify=false',
    ],
    ['file:/var/lib/app', 'file:/var/lib/app'],
    ['memory:a@b', '***@b'],
    ['etcd://root:canary@h', 'etcd://***@h'],
    ['etcd://canary@h', 'etcd://***@h'],
    // An unescaped password.
    ['etcd://root:ca/na?r#y@h:1', 'etcd://***@h:1'],
    ['etcd://root:can@ary@h:1', 'etcd://***@h:1'],
    ['http://root:canary@h:1,http://root:canary@h:2', 'http://***@h:2'],
    ['root:canary@h:1', '***@h:1'],
    ['canary@h:1', '***@h:1'],
    ['consul://h?token=canary', 'consul://h?token=***'],
    ['consul://h?tokn=canary&dc=x', 'consul://h?tokn=***&dc=x'],
    ['consul://h?TOKEN=canary', 'consul://h?TOKEN=***'],
    ['consul://h?t%6Fken=canary', 'consul://h?t%6Fken=***'],
    ['consul://h?key=canary', 'consul://h?key=***'],
    ['consul://h?a=b=canary', 'consul://h?a=***'],
    ['consul://h?canary', 'consul://h?***'],
    ['consul://h?dc&x=', 'consul://h?dc&x='],
    ['consul://h??token=canary', 'consul://h??token=***'],
    ['consul://h#token=canary', 'consul://h#***'],
    ['consul://h?dc=x#canary\ncanary', 'consul://h?dc=x#***'],
  ])('%s', (url, redacted) => {
    expect(redactUrl(url)).toBe(redacted);
  });

  it('takes linear time for a long string that is no URL', () => {
    expectLinear(() => redactUrl(`${'?'.repeat(500_000)}${'&a'.repeat(500_000)}`));
  });
});

describe('formatValue', () => {
  it.each<[unknown]>([
    ['etcd://root:canary@h'],
    ['root:canary@h'],
    ['consul://h?tokn=canary'],
    [{ url: 'etcd://root:canary@h', port: 1 }],
    [[{ deep: { password: 'canary' } }]],
    [{ token: 'canary', clientSecret: 'canary', privateKey: 'canary', passphrase: 'canary' }],
    [{ tokens: ['canary'], credentials: { user: 'canary' } }],
    [{ key: '-----BEGIN PRIVATE KEY-----\ncanary' }],
    ['-----BEGIN PRIVATE KEY-----\ncanary'],
  ])('redacts the secret of %j', (value) => {
    expect(formatValue(value)).not.toContain('canary');
    expect(expected('x', 'something else', value).message).not.toContain('canary');
  });

  it('redacts a password that YAML made a number', () => {
    expect(formatValue({ username: 'root', password: 271_828 })).toBe('{"username":"root","password":"***"}');
  });

  it('takes linear time for a long value of a registry', () => {
    expectLinear(() => {
      formatValue(':'.repeat(500_000));
      formatValue({ Addr: '@:'.repeat(500_000) });
    });
  });

  it.each<[unknown, string]>([
    ['some words', '"some words"'],
    ['web@one', '"web@one"'],
    ['what? a & b=c', '"what? a & b=c"'],
    [{ key: '/servers/1', value: 'x' }, '{"key":"/servers/1","value":"x"}'],
    [undefined, 'undefined'],
    [7n, '7'],
    [() => undefined, 'a function'],
    ['x'.repeat(100), `"${'x'.repeat(79)}…`],
  ])('formats %p', (value, text) => {
    expect(formatValue(value)).toBe(text);
  });
});
