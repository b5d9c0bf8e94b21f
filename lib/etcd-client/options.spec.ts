import { checkEtcdOptions, type EtcdOptions } from './options.js';

describe('checkEtcdOptions', () => {
  it('adds the defaults', () => {
    expect(checkEtcdOptions({ endpoints: 'a:1' })).toEqual({
      endpoints: ['http://a:1'],
      credentials: undefined,
      tls: undefined,
      timeoutMs: 1_500,
      selectionMode: 'random',
      debug: false,
    });
  });

  it('converts the timeout to whole milliseconds', () => {
    expect(checkEtcdOptions({ endpoints: 'a', headerTimeoutPerRequest: 1.1 }).timeoutMs).toBe(1_100);
    expect(checkEtcdOptions({ endpoints: 'a', headerTimeoutPerRequest: 60 }).timeoutMs).toBe(60_000);
  });

  it('reads a bare host as https:// when `tls` is given', () => {
    expect(checkEtcdOptions({ endpoints: 'a:1', tls: {} }).endpoints).toEqual(['https://a:1']);
  });

  it.each<[string, unknown, RegExp]>([
    ['no options', undefined, /`options`/],
    ['an unknown option', { endpoints: 'a', endpoint: 'b' }, /`endpoint` to be left out/],
    ['a timeout of 0', { endpoints: 'a', headerTimeoutPerRequest: 0 }, /`headerTimeoutPerRequest`.*got 0/],
    [
      'a timeout in milliseconds',
      { endpoints: 'a', headerTimeoutPerRequest: 1_500 },
      /`headerTimeoutPerRequest`.*a number of seconds, greater than 0 and at most 60, got 1500/,
    ],
    ['a timeout as a string', { endpoints: 'a', headerTimeoutPerRequest: '1s' }, /`headerTimeoutPerRequest`/],
    ['another mode', { endpoints: 'a', selectionMode: 'fastest' }, /`selectionMode`.*"fastest"/],
    ['debug as a string', { endpoints: 'a', debug: 'yes' }, /`debug`/],
    ['a user without password', { endpoints: 'a', username: 'u' }, /`password`/],
    ['a password without user', { endpoints: 'a', password: 'canary' }, /`username`/],
    ['TLS as a flag', { endpoints: 'a', tls: true }, /`tls` to be an object/],
    ['an unknown TLS option', { endpoints: 'a', tls: { verify: false } }, /`tls.verify`/],
    ['a certificate without its key', { endpoints: 'a', tls: { cert: 'x' } }, /both `cert` and `key`/],
    ['a CA that is a number', { endpoints: 'a', tls: { ca: 7 } }, /`tls.ca`/],
  ])('refuses %s', (_what, options, message) => {
    expect(() => checkEtcdOptions(options as EtcdOptions)).toThrow(message);
    expect(() => checkEtcdOptions(options as EtcdOptions)).not.toThrow(/canary/);
  });
});
