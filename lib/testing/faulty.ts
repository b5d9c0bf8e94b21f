import { type RegistrySource } from '../registry/registry-source.js';
import { type Fault, FaultyRegistry, type RequestKind } from './faulty-registry.js';

/** A registry for the options of the modules, whose faults a test commands. Made by {@link faulty}. */
export interface FaultySource extends RegistrySource {
  /** Applies `fault` to all further requests, or to those of one kind. Cuts running watches if it applies to them. */
  fail(fault: Fault, kind?: RequestKind): void;
  /** Removes all faults and the delay. */
  heal(): void;
  /** Delays all further requests by `delayMs` milliseconds. */
  slow(delayMs: number): void;
  /** The number of requests of this kind so far, failed ones included. */
  count(kind: RequestKind): number;
}

let made = 0;

/**
 * Wraps a registry for the option `registry` of the modules, so that a test can take it down and heal it.
 *
 * ```ts
 * const registry = faulty(memory());
 * const module = await Test.createTestingModule({ imports: [PilotedModule.forRoot({ registry })] }).compile();
 * registry.fail('down');
 * registry.heal();
 * ```
 */
export function faulty(source: RegistrySource): FaultySource {
  const opened: FaultyRegistry[] = [];
  // Faults that were set before the registry is opened apply to it too.
  const commands = new Map<string, (registry: FaultyRegistry) => void>();
  const command = (name: string, run: (registry: FaultyRegistry) => void): void => {
    commands.set(name, run);
    for (const registry of opened) run(registry);
  };
  made += 1;
  return {
    identity: `faulty:${made}:${source.identity}`,
    url: source.url,
    open: async (deps) => {
      const registry = new FaultyRegistry(await source.open(deps), deps.clock);
      for (const run of commands.values()) run(registry);
      opened.push(registry);
      return registry;
    },
    fail: (fault, kind) => {
      command(`fail:${kind ?? ''}`, (registry) => registry.fail(fault, kind));
    },
    heal: () => {
      commands.clear();
      for (const registry of opened) {
        registry.heal();
        registry.slow(0);
      }
    },
    slow: (delayMs) => {
      command('slow', (registry) => registry.slow(delayMs));
    },
    count: (kind) => opened.reduce((sum, registry) => sum + registry.count(kind), 0),
  };
}
