import { ODD_NAMES } from '../../registry/contract/cases/names.js';
import { Layout, readVersionName, stemOf, versionName } from './layout.js';

describe('file names', () => {
  it('are unique even if case is ignored, and short enough', () => {
    const stems = ODD_NAMES.map(stemOf);
    expect(new Set(stems.map((stem) => stem.toUpperCase())).size).toBe(ODD_NAMES.length);
    for (const stem of stems) {
      expect(stem).toMatch(/^[^./@][^/@]*$/);
      expect(Buffer.byteLength(versionName(stem, 999_999_999_999_999).file)).toBeLessThan(255);
    }
  });

  it('are readable for common names', () => {
    expect(stemOf('app-server_1.2')).toBe('app-server_1.2');
    expect(stemOf('a/b')).toBe('a%2Fb');
    expect(stemOf('AppServer')).toMatch(/^appserver%%[0-9a-f]{32}$/);
  });

  it('contain the version, which is 0 for a file written by hand', () => {
    expect(readVersionName('web@12.json')).toEqual({ stem: 'web', number: 12, file: 'web@12.json' });
    expect(readVersionName('web.json')).toEqual({ stem: 'web', number: 0, file: 'web.json' });
    for (const file of ['web', 'web@x.json', '@1.json', 'web@1.json~', 'a@1@2.json'])
      expect(readVersionName(file)).toBeUndefined();
  });

  it('never lead outside the folder', () => {
    const layout = new Layout('/root');
    expect(layout.folder({ kind: 'service', service: '../../etc' })).toBe('/root/services/%2E.%2F..%2Fetc');
    expect(layout.folder({ kind: 'key', key: '../x' })).toBe('/root/keys');
  });
});
