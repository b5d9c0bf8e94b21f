/**
 * The injection token of the `ServiceHandle` of a service; what a test provides or overrides. It names the module,
 * because Nest's error about a missing provider shows the token and nothing else.
 */
export function getServiceToken(name: string): string {
  return `nestjs-sidekick: service "${name}" of PilotedModule.forRoot()`;
}
