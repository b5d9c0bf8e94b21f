import { etcd } from '../registries/etcd/etcd.js';
import { registrySource } from '../registries/registry-url.js';
import { load } from '../../test/harness/in-memory/containerpilot.js';
import { registryUrlOf } from './registry-url.js';

describe('registryUrlOf', () => {
  it.each([
    ['/containerpilot', '/containerpilot'],
    ['my', '/my'],
    ['/my/own/', '/my/own'],
    ['/', '/'],
    ['/50%?a=b#c', '/50%?a=b#c'],
  ])('has the etcd prefix %j', (prefix, expected) => {
    const { registry } = load(JSON.stringify({ etcd: { endpoints: 'HTTP://e1:2379/', prefix } }));
    const source = registrySource(registryUrlOf(registry), {});
    expect(source.identity).toBe(etcd({ endpoints: 'http://e1:2379', prefix: expected }).identity);
  });
});
