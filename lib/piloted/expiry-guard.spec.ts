import { Test } from '@nestjs/testing';
import { InvalidOptionError, PilotedModule } from '../index.js';
import { silentLogger } from '../common/logger.js';

const boot = async (registry: string): Promise<void> => {
  const options = { registry, expiryGuard: true, boot: 'empty', logger: silentLogger } as const;
  const module = await Test.createTestingModule({ imports: [PilotedModule.forRoot(options)] }).compile();
  try {
    await module.init();
  } finally {
    await module.close();
  }
};

describe('expiryGuard', () => {
  it('fails the boot on a registry that never reports why an instance was removed', async () => {
    const error: unknown = await boot('dns:example.org').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect((error as Error).message).toMatch(/Expected no `expiryGuard` with the registry dns:example.org/);
  });

  it.each(['memory:', 'fixed:web=10.0.0.1:80'])('is accepted on %s', async (registry) => {
    await expect(boot(registry)).resolves.toBeUndefined();
  });
});
