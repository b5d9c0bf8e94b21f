import { verdict } from '../../scripts/audit/verdict.mjs';

const report = (numbers: object, vulnerabilities: object = {}): string =>
  JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: { vulnerabilities: numbers } });

describe('the audit of dependencies', () => {
  it('passes where nothing is known, and where nothing grave is', () => {
    expect(verdict(report({ info: 0, low: 0, moderate: 0, high: 0, critical: 0, total: 0 }))).toEqual({
      ok: true,
      text: 'Audit: 0 known faults in runtime dependencies, 0 of them grave.',
    });
    const moderate = { name: 'm', severity: 'moderate', via: [] };
    expect(verdict(report({ moderate: 3, low: 1, total: 4 }, { m: moderate }))).toEqual({
      ok: true,
      text: 'Audit: 4 known faults in runtime dependencies, 0 of them grave.',
    });
  });

  it.each(['high', 'critical'])('fails on a %s one, and names it', (severity) => {
    const via = [{ title: 'Prototype pollution', url: 'https://example.org/GHSA-1' }, 'another'];
    const { ok, text } = verdict(
      report(
        { [severity]: 1, total: 2 },
        {
          bad: { severity, range: '<1.2.3', via, fixAvailable: true },
          fine: { severity: 'low', via: [] },
        },
      ),
    );
    expect(ok).toBe(false);
    expect(text).toContain('2 known faults in runtime dependencies, 1 of them grave');
    expect(text).toContain(`${severity}: bad <1.2.3: Prototype pollution (https://example.org/GHSA-1)`);
    expect(text).toContain('npm audit fix');
    expect(text).not.toContain('fine');
  });

  it('passes and reports it when the package registry offers no advisories', () => {
    const refused = {
      message: '405 Method Not Allowed - POST https://host/-/npm/v1/security',
      error: { summary: '' },
    };
    expect(verdict(JSON.stringify(refused))).toEqual({
      ok: true,
      text: 'NOT AUDITED: the package registry offers no advisories here: 405 Method Not Allowed - POST its address.',
    });
    for (const output of [
      '',
      'null',
      '[]',
      '<html>',
      '{}',
      '{"metadata":null}',
      '{"metadata":{"vulnerabilities":7}}',
    ])
      expect(verdict(output)).toEqual({
        ok: true,
        text: 'NOT AUDITED: the package registry offers no advisories here.',
      });
  });

  it('passes and reports it when the package registry does not answer', () => {
    const error = Object.assign(new Error('spawnSync npm ETIMEDOUT'), { code: 'ETIMEDOUT' });
    expect(verdict('', error)).toMatchObject({
      ok: true,
      text: expect.stringMatching(/^NOT AUDITED/) as unknown,
    });
  });

  it('fails where npm cannot be run at all', () => {
    expect(verdict('', new Error('spawn npm ENOENT'))).toEqual({
      ok: false,
      text: 'No audit: npm could not be run (spawn npm ENOENT).',
    });
  });
});
