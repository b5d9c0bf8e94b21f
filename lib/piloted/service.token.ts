/**
 * The injection token of the `ServiceHandle` of a service. A test provides or overrides it. The token names the module,
 * because Nest's error about a missing provider contains only the token.
 */
export function getServiceToken(name: string): string {
  return `nestjs-sidekick: service "${name}" of PilotedModule.forRoot()`;
}
