import { Injectable } from '@nestjs/common';
import { type Endpoint, OnServiceChange, type ServiceChange } from 'nestjs-sidekick';

/** Logs each change of the list of appservers. */
@Injectable()
export class AppserverLog {
  @OnServiceChange('appserver')
  changed({ endpoints, added, removed }: ServiceChange): void {
    console.log(`appserver: ${endpoints.length} known`);
    for (const endpoint of added) console.log(`  + ${shown(endpoint)}`);
    for (const endpoint of removed) console.log(`  - ${shown(endpoint)}`);
  }
}

function shown({ id, address, port }: Endpoint): string {
  return `${id} at ${address}:${port}`;
}
