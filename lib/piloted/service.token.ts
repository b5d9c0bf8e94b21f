/** The injection token of the `ServiceHandle` of a service; what a test overrides. */
export function getServiceToken(name: string): string {
  return `nestjs-sidekick:service:${name}`;
}
