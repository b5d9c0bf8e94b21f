import { InvalidOptionError } from '../common/errors/index.js';
import { parseEndpoints, targetOf } from './endpoint.js';
import { NoEtcdEndpointsError } from './errors/index.js';

describe('parseEndpoints', () => {
  it.each([
    ['10.0.0.1:2379', ['http://10.0.0.1:2379']],
    ['http://a:2379,https://b:2380/', ['http://a:2379', 'https://b:2380']],
    [' a , b:1 ,', ['http://a:2379', 'http://b:1']],
    [
      ['a:1', 'b:2,c:3'],
      ['http://a:1', 'http://b:2', 'http://c:3'],
    ],
    ['[::1]:2379', ['http://[::1]:2379']],
    ['[::1]', ['http://[::1]:2379']],
    ['HTTPS://a.example.org.:443', ['https://a.example.org:443']],
    ['a,a:2379,http://a', ['http://a:2379']],
  ])('reads %j', (given, endpoints) => {
    expect(parseEndpoints(given)).toEqual(endpoints);
  });

  it('adds the given scheme to endpoints without one', () => {
    expect(parseEndpoints('a:1,http://b:2', 'https')).toEqual(['https://a:1', 'http://b:2']);
  });

  it.each(['', ' , ', []])('refuses %j, which has no endpoint', (given) => {
    expect(() => parseEndpoints(given)).toThrow(NoEtcdEndpointsError);
  });

  it.each([
    'ftp://a:1',
    'unix:///tmp/etcd',
    'a:0',
    'a:65536',
    'a:b',
    'http://',
    'http://a:1/path',
    'a b:1',
    '1.2.3:1',
    'http://user:canary@a:1',
  ])('refuses %j and names it without secrets', (given) => {
    expect(() => parseEndpoints(given)).toThrow(InvalidOptionError);
    expect(() => parseEndpoints(given)).toThrow(
      /^Expected `endpoints` to be http:\/\/ or https:\/\/ URLs, or host:port, got "/,
    );
    expect(() => parseEndpoints(given)).not.toThrow(/canary/);
  });

  it.each([undefined, null, 7, {}, [7]])('refuses %j', (given) => {
    expect(() => parseEndpoints(given as string)).toThrow(/to be a string or an array of strings/);
  });
});

describe('targetOf', () => {
  it.each([
    ['http://10.0.0.1:2379', 'ipv4:10.0.0.1:2379'],
    ['https://10.0.0.1:2379', 'ipv4:10.0.0.1:2379'],
    ['http://etcd.example.org:2379', 'http://etcd.example.org:2379'],
    ['http://[::1]:2379', 'http://[::1]:2379'],
  ])('passes %s to gRPC without a needless DNS resolver', (endpoint, target) => {
    expect(targetOf(endpoint)).toBe(target);
  });
});
