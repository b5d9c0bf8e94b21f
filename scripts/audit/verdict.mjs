const GRAVE = ['high', 'critical'];

function parse(output) {
  try {
    const report = JSON.parse(output);
    return typeof report === 'object' && report !== null ? report : undefined;
  } catch {
    return undefined;
  }
}

/** Describes each package with a grave advisory: severity, versions, titles and fix. */
function grave({ vulnerabilities }) {
  return Object.entries(vulnerabilities ?? {})
    .filter(([, { severity }]) => GRAVE.includes(severity))
    .map(([name, { severity, range, via = [], fixAvailable }]) => {
      const titles = via.flatMap(({ title, url }) => (title ? [`${title}${url ? ` (${url})` : ''}`] : []));
      const fix = fixAvailable ? 'a fixed version is there: npm audit fix' : 'no fixed version is known';
      return `  ${severity}: ${name} ${range ?? ''}${titles.length > 0 ? `: ${titles.join('; ')}` : ''} – ${fix}`;
    });
}

/** See verdict.d.mts. A package registry without advisories is reported and does not fail the run. */
export function verdict(output, error) {
  if (error?.code === 'ETIMEDOUT') {
    return { ok: true, text: 'NOT AUDITED: the package registry did not answer in time.' };
  }
  if (error) return { ok: false, text: `No audit: npm could not be run (${error.message}).` };
  const report = parse(output);
  const numbers = report?.metadata?.vulnerabilities;
  if (typeof numbers !== 'object' || numbers === null) {
    const said = report?.message ?? report?.error?.summary;
    const why =
      typeof said === 'string' && said !== '' ? `: ${said.replace(/https?:\/\/\S+/g, 'its address')}` : '';
    return { ok: true, text: `NOT AUDITED: the package registry offers no advisories here${why}.` };
  }
  const count = GRAVE.reduce((sum, severity) => sum + (numbers[severity] ?? 0), 0);
  const text = `Audit: ${numbers.total ?? 0} known faults in runtime dependencies, ${count} of them grave.`;
  return { ok: count === 0, text: [text, ...grave(report)].join('\n') };
}
