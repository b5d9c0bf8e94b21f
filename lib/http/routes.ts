import { type PortOf } from '../calling/service-call.js';
import { joinHostPort } from '../common/address.js';
import { InvalidOptionError } from '../common/errors/index.js';
import { formatValue } from '../common/expected.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { type ServiceHandle } from '../piloted/service-handle.js';
import { type ServiceHandles } from '../piloted/service-handles.js';
import { UnknownServiceError } from '../piloted/unknown-service.error.js';

/** Where the requests to one origin go, such as `http://_admin.appserver`. */
export interface Route {
  readonly handle: ServiceHandle;
  /** `http:` or `https:`. */
  readonly protocol: string;
  /** The `Host` header and the TLS server name: the service's, in the spelling of the URL. */
  readonly host: string;
  /** The port of an endpoint; undefined if it has no port with the name in the URL. */
  readonly portOf: PortOf;
  /**
   * The origin of the requests to an endpoint, such as `http://10.0.0.1:8080`. Always the same string, whose hash the
   * client needs to find its connections.
   *
   * @throws InvalidOptionError when the endpoint has no port with the name in the URL
   */
  originOf(endpoint: Endpoint): string;
  /** The error for an endpoint without that port. */
  portError(endpoint: Endpoint): InvalidOptionError;
}

/** A label of a host that is the name of a port. */
const PORT_LABEL = /^_([^.]+)\.(.+)$/;

/** Limit for origins that are remembered, since a label may be anything. */
const MAX_REMEMBERED = 1_000;

/** Finds the service of a URL by its host. */
export class Routes {
  private readonly remembered = new Map<string, Route>();

  constructor(
    private readonly handles: ServiceHandles,
    /** Whether other hosts are sent on, rather than refused. */
    private readonly passThrough: boolean,
  ) {}

  /**
   * Returns the route of an origin; undefined if it is sent on as it is.
   *
   * @throws UnknownServiceError when the host is not a known service
   * @throws InvalidOptionError when the host of a known service has a port
   */
  find(origin: string | URL): Route | undefined {
    const text = typeof origin === 'string' ? origin : origin.origin;
    const known = this.remembered.get(text);
    if (known) return known;
    const url = new URL(text);
    const [, label, rest] = PORT_LABEL.exec(url.hostname) ?? [];
    const host = rest ?? url.hostname;
    const name = this.nameOf(host);
    if (name === undefined) {
      if (this.passThrough) return undefined;
      throw new UnknownServiceError(url.host, this.handles.names, `${url.protocol}//${url.host}`);
    }
    if (url.port !== '')
      throw new InvalidOptionError(
        `Expected the URL of service ${formatValue(name)} without a port, got ${formatValue(url.host)}: the registry knows the port of each endpoint. A named port is written as ${url.protocol}//_admin.${host}/.`,
      );
    const route = makeRoute(this.handles.of(name), url.protocol, host, label);
    if (this.remembered.size < MAX_REMEMBERED) this.remembered.set(text, route);
    return route;
  }

  /**
   * The service with this host. URLs have lower-case hosts, names need not. Where services are not listed, a host of one
   * label is the name of a service, and a host with dots is one only if the service is in use already.
   */
  private nameOf(host: string): string | undefined {
    const name = this.handles.names.find((each) => each.toLowerCase() === host);
    if (name !== undefined) return name;
    const isName = /^[^.:[\]]+$/.test(host) && host !== 'localhost';
    return isName && this.handles.knows(host) ? host : undefined;
  }
}

function makeRoute(handle: ServiceHandle, protocol: string, host: string, label: string | undefined): Route {
  const origins = new WeakMap<Endpoint, string>();
  const portOf: PortOf = label === undefined ? ({ port }) => port : ({ ports }) => namedPort(ports, label);
  const portError: Route['portError'] = ({ ports, id }) =>
    new InvalidOptionError(
      `Expected the port ${formatValue(label)} of the URL to be a named port of service "${handle.name}", got an endpoint (${formatValue(id)}) with ${Object.keys(ports).join(', ') || 'no named ports'}.`,
    );
  const originOf = (endpoint: Endpoint): string => {
    const known = origins.get(endpoint);
    if (known !== undefined) return known;
    const port = portOf(endpoint);
    if (port === undefined) throw portError(endpoint);
    const origin = `${protocol}//${joinHostPort(endpoint.address, port)}`;
    origins.set(endpoint, origin);
    return origin;
  };
  return { handle, protocol, host, portOf, originOf, portError };
}

function namedPort(ports: Endpoint['ports'], label: string): number | undefined {
  if (Object.hasOwn(ports, label)) return ports[label];
  const name = Object.keys(ports).find((each) => each.toLowerCase() === label);
  return name === undefined ? undefined : ports[name];
}
