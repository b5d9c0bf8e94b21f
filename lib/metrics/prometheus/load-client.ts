import { peerFailure } from '../../common/optional-peer.js';
import { MissingPeerError } from '../../common/errors/missing-peer.error.js';
import { type Logger } from '../../common/logger.js';
import { type PrometheusClient, type PrometheusRegister } from './prometheus-client.js';

/** The import of one client package, or undefined where it is not installed. */
type ClientImport = () => Promise<unknown>;

const PROM_CLIENT = 'prom-client';
const SUCCESSOR = '@prometheus-io/client';

/** The packages, in order of preference. Each `import()` is in its own function, so that bundlers tolerate a missing one. */
const IMPORTS: Readonly<Record<string, ClientImport>> = {
  [PROM_CLIENT]: () => import('prom-client'),
  // By a variable, since this package is no dependency of the project, and its types need Node 22.
  [SUCCESSOR]: () => import(SUCCESSOR),
};

/** Options of {@link loadClient}. */
export interface LoadClientOptions {
  readonly logger: Logger;
  /** The register to report to, which belongs to one of the packages. */
  readonly register?: PrometheusRegister | undefined;
  /** For tests. */
  readonly imports?: Readonly<Record<string, ClientImport>>;
}

/**
 * Loads the Prometheus client that is installed: that of the register; otherwise `prom-client`, with a warning where its
 * successor is installed too, since each has a default register of its own.
 *
 * @throws MissingPeerError when none is installed
 */
export async function loadClient(options: LoadClientOptions): Promise<PrometheusClient> {
  const { logger, register, imports = IMPORTS } = options;
  const installed: { readonly name: string; readonly client: PrometheusClient }[] = [];
  for (const [name, load] of Object.entries(imports)) {
    const client = await loaded(name, load);
    if (client) installed.push({ name, client });
  }
  const owner = register && installed.find(({ client }) => register instanceof client.Registry);
  const [chosen, second] = owner ? [owner] : installed;
  if (!chosen) throw new MissingPeerError(PROM_CLIENT, 'SidekickMetricsModule', undefined);
  if (second)
    logger.warn(
      `${chosen.name} and ${second.name} are both installed, with separate default registers; using ${chosen.name}. ` +
        'Give SidekickMetricsModule the `client` whose register is scraped.',
    );
  return chosen.client;
}

/** The classes of a module: CommonJS packages have them in `default` too. */
export function clientOf(module: unknown): PrometheusClient {
  const { Gauge, default: main } = module as { readonly Gauge?: unknown; readonly default?: unknown };
  return (Gauge === undefined ? main : module) as PrometheusClient;
}

async function loaded(name: string, load: ClientImport): Promise<PrometheusClient | undefined> {
  try {
    return clientOf(await load());
  } catch (error) {
    const failure = peerFailure(error, name, 'SidekickMetricsModule');
    if (failure instanceof MissingPeerError) return undefined;
    throw failure;
  }
}
