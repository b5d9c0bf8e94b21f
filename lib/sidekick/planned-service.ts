import { MAX_SECONDS } from '../common/clock.js';
import { type ContainerPilotConfig, type ContainerPilotService } from '../containerpilot/config.js';
import { type RegistrationHints } from '../registry/entry-record.js';
import { MIN_TTL } from './sidekick.defaults.js';
import {
  type HeartbeatOptions,
  type ServiceAnnouncement,
  type SidekickModuleOptions,
} from './sidekick.options.js';

/** A service to register once its port accepts connections. */
export interface PlannedService {
  readonly service: ServiceAnnouncement;
  readonly options: HeartbeatOptions;
  readonly hints: RegistrationHints;
  /** Whether a port other than the HTTP server's is probed first; false where a proxy may map the port. */
  readonly probed: boolean;
}

/** Least `deregisterAfter` that Consul accepts, in seconds. */
const MIN_DEREGISTER_AFTER_SECONDS = 60;

function fromContainerPilot(service: ContainerPilotService, options: SidekickModuleOptions): PlannedService {
  const { name, id, port, tags, meta, interfaces, health, initialStatus, consul } = service;
  const forget = consul.deregisterCriticalServiceAfter;
  return {
    service: { name, id, port, tags, meta, interfaces },
    options: {
      ttl: Math.min(MAX_SECONDS, Math.max(MIN_TTL, options.ttl ?? Math.ceil(health.ttl))),
      ...(options.exclusive === undefined ? {} : { exclusive: options.exclusive }),
      ...(options.updateInterval === undefined ? {} : { updateInterval: options.updateInterval }),
    },
    hints: {
      ...(initialStatus === undefined ? {} : { initialStatus }),
      enableTagOverride: consul.enableTagOverride,
      ...(forget === undefined
        ? {}
        : { deregisterAfter: Math.max(MIN_DEREGISTER_AFTER_SECONDS, Math.ceil(forget)) }),
    },
    probed: true,
  };
}

/** The services of the options and of the ContainerPilot configuration. */
export function plannedServices(
  options: SidekickModuleOptions,
  config: ContainerPilotConfig | undefined,
): readonly PlannedService[] {
  if (options.enabled === false) return [];
  const own =
    options.service === undefined ? [] : [{ service: options.service, options, hints: {}, probed: false }];
  return [...own, ...(config?.services ?? []).map((service) => fromContainerPilot(service, options))];
}
