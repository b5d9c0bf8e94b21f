import { RegistryRefusedError } from '../common/errors/index.js';
import { quote } from '../common/strings.js';
import { type EntryKey, entryKeyLabel } from './entry-record.js';
import { type Scope } from './registry.js';

/** Whether `entryKey` is part of `scope`. */
export function inScope(scope: Scope, entryKey: EntryKey): boolean {
  switch (scope.kind) {
    case 'key':
      return entryKey.kind === 'key' && entryKey.key === scope.key && entryKey.space === scope.space;
    case 'instance':
      return entryKey.kind === 'instance' && entryKey.service === scope.service && entryKey.id === scope.id;
    case 'service':
      return entryKey.kind === 'instance' && entryKey.service === scope.service;
  }
}

/** Formats a scope for messages. */
export function scopeLabel(scope: Scope): string {
  return scope.kind === 'service' ? `service ${quote(scope.service)}` : entryKeyLabel(scope);
}

/**
 * Rejects the option `dc`. Drivers whose registry has no datacenters call this before they list or watch.
 *
 * @throws RegistryRefusedError when `scope` names a datacenter
 */
export function refuseDatacenter(driver: string, scope: Scope): void {
  if (scope.kind === 'service' && scope.dc !== undefined)
    throw new RegistryRefusedError(
      `The ${driver} registry has no datacenters, but ${scopeLabel(scope)} was requested in ${quote(scope.dc)}: only consul takes \`dc\`.`,
    );
}
