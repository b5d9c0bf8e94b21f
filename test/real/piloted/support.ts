import { Test, type TestingModule } from '@nestjs/testing';
import { DiscoveryService, PilotedModule, type PilotedModuleOptions } from '../../../lib/index.js';
import { silentLogger } from '../../../lib/common/logger.js';

/** An application with PilotedModule alone. */
export interface Discovering {
  readonly app: TestingModule;
  readonly discovery: DiscoveryService;
  /** The ids of a service now. */
  ids(service: string): string[];
  /** The ids of every list of a service from now on. */
  lists(service: string): string[][];
  close(): Promise<void>;
}

export async function discover(options: PilotedModuleOptions): Promise<Discovering> {
  const app = await Test.createTestingModule({
    // The first lists are there after the boot, on a busy machine too.
    imports: [PilotedModule.forRoot({ logger: silentLogger, bootTimeout: 60, ...options })],
  }).compile();
  await app.init();
  const discovery = app.get(DiscoveryService);
  const ids = (service: string): string[] =>
    discovery
      .endpoints(service)
      .map(({ id }) => id)
      .sort();
  return {
    app,
    discovery,
    ids,
    lists: (service) => {
      const lists: string[][] = [];
      discovery.of(service).changes.subscribe(() => lists.push(ids(service)));
      return lists;
    },
    close: () => app.close(),
  };
}
