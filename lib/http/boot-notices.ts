import { formatValue } from '../common/expected.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables with the proxy that Node uses for `http:` and `https:` where that is enabled. */
const PROXY_VARIABLES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'];

/** What is worth a warning at boot: services that no URL can name, and a proxy between this process and the endpoints. */
export function* bootNotices(
  services: readonly string[],
  env: Environment,
  flags: readonly string[],
): Generator<string> {
  yield* unreachableNames(services);
  const variable = PROXY_VARIABLES.find((name) => env[name]);
  const usesProxy =
    env.NODE_USE_ENV_PROXY === '1' ||
    [...flags, env.NODE_OPTIONS ?? ''].some((flag) => flag.includes('--use-env-proxy'));
  if (usesProxy && variable)
    yield `Requests of ServiceHttp.fetch go through the proxy of ${variable}, which NODE_USE_ENV_PROXY enables, and NO_PROXY does not match names of services: a request is sent to the address of an endpoint. Add these addresses to NO_PROXY, or replace the global dispatcher.`;
}

function* unreachableNames(services: readonly string[]): Generator<string> {
  const seen = new Map<string, string>();
  for (const name of services) {
    const host = name.toLowerCase();
    const same = seen.get(host);
    if (same !== undefined)
      yield `The services ${formatValue(same)} and ${formatValue(name)} are one host in a URL, which has no upper case: ServiceHttp calls ${formatValue(same)}.`;
    else seen.set(host, name);
    if (!isHost(host))
      yield `The service ${formatValue(name)} cannot be called by ServiceHttp, because its name does not survive as the host of a URL. Use DiscoveryService.of(${formatValue(name)}).url(path).`;
  }
}

/** Whether a URL with this host names the same host, and not a port of another one. */
function isHost(name: string): boolean {
  const url = `http://${name}/`;
  return URL.canParse(url) && new URL(url).host === name && !/^_[^.]+\./.test(name);
}
