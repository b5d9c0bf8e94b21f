import { type ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { PILOTED_CLOCK } from '../../../lib/piloted/piloted.tokens.js';
import { SIDEKICK_CLOCK } from '../../../lib/sidekick/sidekick.tokens.js';
import { type VirtualClock } from '../../../lib/testing/virtual-clock.js';

/** Starts a module whose SidekickModule and PilotedModule have a virtual clock. */
export async function moduleOnClock(
  clock: VirtualClock,
  imports: NonNullable<ModuleMetadata['imports']>,
): Promise<TestingModule> {
  const module = await Test.createTestingModule({ imports })
    .overrideProvider(SIDEKICK_CLOCK)
    .useValue(clock)
    .overrideProvider(PILOTED_CLOCK)
    .useValue(clock)
    .compile();
  await clock.until(module.init());
  return module;
}
