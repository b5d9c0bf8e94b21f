import { RegistryRefusedError } from '../kernel/errors/index.js';
import { quoted } from '../kernel/shortened.js';
import { type Slot, slotLabel } from './item.js';
import { type Scope } from './registry.js';

/** Whether `slot` lies within `scope`. */
export function inScope(scope: Scope, slot: Slot): boolean {
  switch (scope.kind) {
    case 'key':
      return slot.kind === 'key' && slot.key === scope.key;
    case 'instance':
      return slot.kind === 'instance' && slot.service === scope.service && slot.id === scope.id;
    case 'service':
      return slot.kind === 'instance' && slot.service === scope.service;
  }
}

/** A scope as messages show it. */
export function scopeLabel(scope: Scope): string {
  return scope.kind === 'service' ? `service ${quoted(scope.service)}` : slotLabel(scope);
}

/**
 * For drivers whose registry has no datacenters.
 *
 * @throws RegistryRefusedError when `scope` names one
 */
export function refuseDatacenter(driver: string, scope: Scope): void {
  if (scope.kind === 'service' && scope.dc !== undefined)
    throw new RegistryRefusedError(
      `The ${driver} registry has no datacenters, but ${scopeLabel(scope)} was asked for in ${quoted(scope.dc)}: only consul takes \`dc\`.`,
    );
}
