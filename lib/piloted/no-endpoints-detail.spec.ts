import { noEndpointsDetail } from './no-endpoints-detail.js';

const URL = 'etcd://10.0.0.1:2379/services';

describe('the detail of NoEndpointsError', () => {
  it.each<[string, readonly string[], boolean, { ageMs?: number; error?: Error }, string | undefined]>([
    ['an empty list', [URL], true, { ageMs: 3_249 }, `${URL}, 3.2 s ago`],
    [
      'an empty list before an outage',
      [URL],
      true,
      { ageMs: 9_000, error: new Error(`The registry ${URL} is not reachable.`) },
      `${URL}, 9 s ago; since then: The registry ${URL} is not reachable`,
    ],
    ['the lists of several registries', [URL, 'file:/a'], true, { ageMs: 0 }, `${URL}, file:/a, 0 s ago`],
    ['no answer yet', [URL], false, {}, URL],
    ['no answer and an error', [URL], false, { error: new Error('refused.') }, `${URL}: refused`],
    ['an error that names the registry', [URL], false, { error: new Error(`no ${URL}`) }, `no ${URL}`],
    ['no registry', [], false, {}, undefined],
    ['a list of a test', [], true, { ageMs: 2_000 }, '2 s ago'],
  ])('names %s', (_, registries, isListed, { ageMs, error }, detail) => {
    const freshness = { answered: isListed, stale: error !== undefined, ageMs, error };
    expect(noEndpointsDetail({ registries, freshness }, isListed)).toBe(detail);
  });
});
