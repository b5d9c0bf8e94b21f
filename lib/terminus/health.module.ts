import { Module } from '@nestjs/common';
import { SidekickHealthIndicator } from './health.indicator.js';
import { Leaving } from './leaving.js';
import { HealthSources } from './sources.js';
import { Terminus } from './terminus.js';

/** Provides {@link SidekickHealthIndicator}. Import it beside Terminus's own module. */
@Module({
  providers: [
    { provide: Terminus, useFactory: async () => await Terminus.load() },
    HealthSources,
    Leaving,
    SidekickHealthIndicator,
  ],
  exports: [SidekickHealthIndicator],
})
export class SidekickHealthModule {}
