/**
 * `nestjs-sidekick/terminus`: health indicators for `@nestjs/terminus`.
 *
 * @packageDocumentation
 */
export { SidekickHealthIndicator } from './health.indicator.js';
export { SidekickHealthModule } from './health.module.js';
