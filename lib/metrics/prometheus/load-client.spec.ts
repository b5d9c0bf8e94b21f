import * as promClient from 'prom-client';
import { loadClient } from './load-client.js';
import { type PrometheusClient } from './prometheus-client.js';

describe('loadClient', () => {
  const warnings: string[] = [];
  const logger = {
    log: () => undefined,
    warn: (line: string) => void warnings.push(line),
    error: () => undefined,
  };
  /** The successor has the same shape, and classes of its own. */
  class OtherRegistry {
    readonly getSingleMetric = () => undefined;
    readonly registerMetric = () => undefined;
  }
  const other: PrometheusClient = {
    Counter: OtherRegistry,
    Gauge: OtherRegistry,
    Histogram: OtherRegistry,
    Registry: OtherRegistry,
    register: new OtherRegistry(),
  };
  const missing = (name: string) => () =>
    Promise.reject(
      Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' }),
    );

  const imports = (first: boolean, second: boolean) => ({
    'prom-client': first ? () => Promise.resolve(promClient) : missing('prom-client'),
    '@prometheus-io/client': second
      ? () => Promise.resolve({ default: other })
      : missing('@prometheus-io/client'),
  });

  beforeEach(() => {
    warnings.length = 0;
  });

  it('takes the one that is installed', async () => {
    expect(await loadClient({ logger, imports: imports(true, false) })).toBe(promClient);
    expect(await loadClient({ logger, imports: imports(false, true) })).toBe(other);
    expect(warnings).toEqual([]);
  });

  it('takes prom-client of both, with one warning', async () => {
    expect(await loadClient({ logger, imports: imports(true, true) })).toBe(promClient);
    expect(warnings).toEqual([expect.stringContaining('prom-client and @prometheus-io/client')]);
  });

  it('takes the one whose register is given', async () => {
    const { register } = other;
    expect(await loadClient({ logger, register, imports: imports(true, true) })).toBe(other);
    expect(warnings).toEqual([]);
  });

  it('names the package to install when there is none', async () => {
    await expect(loadClient({ logger, imports: imports(false, false) })).rejects.toMatchObject({
      code: 'SIDEKICK_MISSING_PEER',
      message: expect.stringContaining('npm install prom-client') as string,
    });
  });
});
