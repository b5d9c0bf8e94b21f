import { etcd } from './etcd.js';
import { etcdFromUrl } from './url.js';

describe('etcdFromUrl', () => {
  it.each([
    ['etcd://a', etcd({ endpoints: 'http://a:2379' })],
    ['etcd://a:1,b:2/', etcd({ endpoints: ['http://a:1', 'http://b:2'] })],
    ['etcd://a:1/acme/eu', etcd({ endpoints: 'a:1', prefix: '/acme/eu' })],
    ['etcd://u:p%40ss@a:1', etcd({ endpoints: 'a:1', username: 'u', password: 'p@ss' })],
    ['etcds://a:1,b:2', etcd({ endpoints: ['https://a:1', 'https://b:2'] })],
    ['etcd://a:1?tls=true', etcd({ endpoints: 'https://a:1' })],
    ['etcd://a:1?tls=false', etcd({ endpoints: 'http://a:1' })],
    [
      'etcds://a:1?ca=/ca.pem&serverName=b',
      etcd({ endpoints: 'https://a:1', tls: { ca: '/ca.pem', serverName: 'b' } }),
    ],
    [
      'etcd://a:1?timeout=0.5&selectionMode=prioritize-leader',
      etcd({ endpoints: 'a:1', headerTimeoutPerRequest: 0.5, selectionMode: 'prioritize-leader' }),
    ],
    ['etcd://a:1?prefix=services', etcd({ endpoints: 'a:1', prefix: 'services' })],
    ['etcd://a:1/?prefix=', etcd({ endpoints: 'a:1', prefix: '' })],
    ['etcd://a:1?prefix=/', etcd({ endpoints: 'a:1', prefix: '/' })],
    ['etcd://a:1?prefix=%2Facme%2F', etcd({ endpoints: 'a:1', prefix: '/acme' })],
    ['etcd://a:1?proxy=env', etcd({ endpoints: 'a:1', proxy: 'env' })],
    ['http://a:1,http://b:2', etcd({ endpoints: ['http://a:1', 'http://b:2'] })],
  ])('reads %s', (url, source) => {
    expect(etcdFromUrl(url).identity).toBe(source.identity);
    expect(etcdFromUrl(url).url).toBe(source.url);
  });

  it('shows the URL without secrets', () => {
    expect(etcdFromUrl('etcd://user:canary@a:1,b:2/acme').url).toBe('etcd://a:1,b:2/acme');
    expect(etcdFromUrl('etcds://a:1').url).toBe('etcds://a:1/nestjs-sidekick');
    expect(etcdFromUrl('etcd://user:canary@a:1?prefix=services').url).toBe('etcd://a:1?prefix=services');
  });

  it.each(['services', '', '/', '/services'])('shows a URL with the prefix %j', (prefix) => {
    const { url } = etcd({ endpoints: 'a:1', prefix });
    expect(etcdFromUrl(url).identity).toBe(etcd({ endpoints: 'a:1', prefix }).identity);
  });

  it.each([
    ['etcd:', /be like etcd:\/\//],
    ['etcd://', /be like etcd:\/\//],
    ['etcd://a:b', /`endpoints`/],
    ['etcd://a:1,,b:2', /`endpoints`/],
    ['etcd://a:1#x', /be like etcd:\/\//],
    ['etcd://user@a:1', /both user and password/],
    ['etcd://:canary@a:1', /both user and password/],
    ['etcd://a:1?ttl=5', /have parameters among tls, ca, cert, key, serverName, timeout, selectionMode/],
    ['etcd://a:1?tls=yes', /`tls` true or false/],
    ['etcds://a:1?tls=false', /begin with etcd:\/\//],
    ['etcd://a:1?ca=/x', /begin with etcds:\/\//],
    ['etcd://a:1?timeout=1s', /`headerTimeoutPerRequest`/],
    ['etcd://a:1?timeout=500', /`headerTimeoutPerRequest` to be .*seconds.*, got 500/],
    ['etcd://a:1?timeout=1&timeout=2', /name `timeout` once/],
    ['etcd://a:1?selectionMode=fast', /`selectionMode`/],
    ['etcd://a:1/%zz', /every %/],
    ['etcd://a:1/acme?prefix=eu', /path or as `prefix`, not both/],
    ['etcd://a:1?prefix=a%00b', /`prefix`/],
    ['etcds://user:canary@a:1?token=canary', /have parameters/],
  ])('refuses %s in one sentence without secrets', (url, message) => {
    expect(() => etcdFromUrl(url)).toThrow(message);
    expect(() => etcdFromUrl(url)).not.toThrow(/canary/);
  });
});
