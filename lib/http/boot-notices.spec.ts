import { bootNotices } from './boot-notices.js';

describe('bootNotices', () => {
  it('is silent for names that a URL can have', () => {
    expect([...bootNotices(['web', 'Web-2', 'a.b', 'a_b'], {}, [])]).toEqual([]);
  });

  it.each(['1234', 'a b', 'a/b', 'a:80', '_admin.web', 'ä', ''])('reports the name %j', (name) => {
    expect([...bootNotices([name], {}, [])]).toEqual([
      expect.stringContaining('cannot be called by ServiceHttp, because its name does not survive'),
    ]);
  });

  it('reports names that differ by case only', () => {
    expect([...bootNotices(['web', 'WEB'], {}, [])]).toEqual([
      'The services "web" and "WEB" are one host in a URL, which has no upper case: ServiceHttp calls "web".',
    ]);
  });

  it('reports a proxy that Node uses', () => {
    const proxy = { HTTP_PROXY: 'http://user:secret@proxy:3128' };
    const notice = [...bootNotices([], { ...proxy, NODE_USE_ENV_PROXY: '1' }, [])];
    expect(notice).toEqual([expect.stringContaining('the proxy of HTTP_PROXY')]);
    expect(notice[0]).not.toContain('secret');
    expect([...bootNotices([], proxy, ['--use-env-proxy'])]).toHaveLength(1);
    expect([...bootNotices([], proxy, [])]).toEqual([]);
    expect([...bootNotices([], { NODE_USE_ENV_PROXY: '1' }, [])]).toEqual([]);
  });
});
