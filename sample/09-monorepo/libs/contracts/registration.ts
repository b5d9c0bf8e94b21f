import { SidekickModule } from 'nestjs-sidekick';
import { type SERVICES } from './services.js';

/** What all applications of this repository have in common. */
export function registered(name: keyof typeof SERVICES) {
  return SidekickModule.forRoot({ service: { name }, drain: 1 });
}
