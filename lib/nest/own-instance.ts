import { type ModulesContainer } from '@nestjs/core';

/** The instance that this application registers: the `service` of SidekickModule. */
export interface OwnInstance {
  readonly service: string;
  readonly id: string;
  readonly zone: string | undefined;
}

/**
 * Where one module of an application says which instance it registers, and another learns it. Neither module imports the
 * other, and either may be absent.
 */
export class OwnInstanceRecord {
  private instance: OwnInstance | undefined;
  private readonly listeners = new Set<() => void>();

  /** The instance; undefined before it is known, or if the application registers none. */
  get current(): OwnInstance | undefined {
    return this.instance;
  }

  /** Called by the module that registers the instance. */
  set(instance: OwnInstance): void {
    this.instance = instance;
    for (const listener of [...this.listeners]) listener();
  }

  /** Calls `listener` when the instance becomes known. Returns a function that removes it. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}

const records = new WeakMap<ModulesContainer, OwnInstanceRecord>();

/** The record of the application with these modules. */
export function ownInstanceOf(modules: ModulesContainer): OwnInstanceRecord {
  let record = records.get(modules);
  if (!record) records.set(modules, (record = new OwnInstanceRecord()));
  return record;
}
