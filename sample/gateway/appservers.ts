import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import { type Endpoint, OnServiceChange, Service, type ServiceChange, ServiceHandle } from 'nestjs-sidekick';

/** Milliseconds one appserver has for its answer. */
const PATIENCE = 1_000;

/** Calls the appservers in turn. */
@Injectable()
export class Appservers {
  constructor(@Service('appserver') private readonly appserver: ServiceHandle) {}

  /** Asks the next appserver, and where one cannot be reached the one after it: a GET may be sent again. */
  async get(path: string): Promise<unknown> {
    const failures: string[] = [];
    for (const endpoint of this.inTurn()) {
      const call = this.appserver.start(endpoint);
      try {
        const response = await fetch(url(endpoint, path), { signal: AbortSignal.timeout(PATIENCE) });
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

  /** All of them, beginning with the one whose turn it is. */
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

/** `fetch` says in the cause why it failed. */
function reason(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
