/** `nestjs-sidekick/terminus`: health indicators for `@nestjs/terminus`. */
export { SidekickHealthIndicator } from './health.indicator.js';
export { SidekickHealthModule } from './health.module.js';
