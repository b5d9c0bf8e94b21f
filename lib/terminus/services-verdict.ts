import { byName, type Verdict } from './verdict.js';

/** What {@link serviceVerdict} knows of a service. */
export interface ServiceState {
  readonly endpoints: number;
  /** Whether the list may be out of date, or holds the endpoints of the option `fallback` only. */
  readonly stale: boolean;
  /** Whether the registry has answered in this process. */
  readonly answered: boolean;
  /** Seconds since the last sign of life of the registry; undefined before the first. */
  readonly age: number | undefined;
}

/** @param required whether the caller named the service, so that the application cannot work without it */
function serviceVerdict({ endpoints, stale, answered, age }: ServiceState, required: boolean): Verdict {
  const details = { endpoints, ...(age === undefined ? {} : { age: Math.round(age * 10) / 10 }) };
  if (!answered)
    return { status: 'degraded', details: { ...details, reason: 'the registry has not answered yet' } };
  if (stale) return { status: 'degraded', details: { ...details, reason: 'the list may be out of date' } };
  if (endpoints > 0) return { status: 'up', details };
  return { status: required ? 'down' : 'up', details: { ...details, reason: 'no endpoint' } };
}

/**
 * The health of the services that the application uses.
 *
 * @param services a service that the application does not know is undefined
 */
export function servicesVerdict(
  services: ReadonlyMap<string, ServiceState | undefined>,
  required: boolean,
): Verdict {
  const verdicts = new Map<string, Verdict>();
  for (const [name, state] of services)
    verdicts.set(
      name,
      state
        ? serviceVerdict(state, required)
        : {
            status: 'down',
            details: {
              endpoints: 0,
              reason: 'unknown service: is PilotedModule imported, and the name valid?',
            },
          },
    );
  return byName('services', verdicts);
}
