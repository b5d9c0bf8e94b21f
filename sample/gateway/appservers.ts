import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import { type Endpoint, OnServiceChange, Service, type ServiceChange, ServiceHandle } from 'nestjs-sidekick';

/** Time for one appserver to answer. */
const TIMEOUT_MS = 1_000;

/** Calls the appservers in turn. */
@Injectable()
export class Appservers {
  constructor(@Service('appserver') private readonly appserver: ServiceHandle) {}

  /** Calls the next appserver, and if it is unreachable the one after it: a GET may be retried. */
  async get(path: string): Promise<unknown> {
    const failures: string[] = [];
    for (const endpoint of this.inTurn()) {
      const call = this.appserver.start(endpoint);
      try {
        const response = await fetch(url(endpoint, path), { signal: AbortSignal.timeout(TIMEOUT_MS) });
        const answer: unknown = await response.json();
        call.done();
        return answer;
      } catch (error) {
        call.done(error);
        failures.push(`${endpoint.id}: ${reason(error)}`);
      }
    }
    throw new ServiceUnavailableException(
      failures.length > 0 ? `No appserver answered. ${failures.join('; ')}.` : 'No appserver is known.',
    );
  }

  @OnServiceChange('appserver')
  changed({ endpoints, added, removed }: ServiceChange): void {
    console.log(`appserver: ${endpoints.length} known`);
    for (const endpoint of added) console.log(`  + ${shown(endpoint)}`);
    for (const endpoint of removed) console.log(`  - ${shown(endpoint)}`);
  }

  /** Returns all endpoints, beginning with the next one. */
  private inTurn(): readonly Endpoint[] {
    const { endpoints } = this.appserver;
    if (endpoints.length === 0) return endpoints;
    const turn = endpoints.indexOf(this.appserver.pick());
    return [...endpoints.slice(turn), ...endpoints.slice(0, turn)];
  }
}

function shown({ id, address, port }: Endpoint): string {
  return `${id} at ${address}:${port}`;
}

function url({ address, port }: Endpoint, path: string): URL {
  return new URL(path, `http://${address.includes(':') ? `[${address}]` : address}:${port}`);
}

/** Returns why a call failed: `fetch` puts the reason into the cause. */
function reason(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
