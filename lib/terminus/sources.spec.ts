import { Test } from '@nestjs/testing';
import { PilotedModule } from '../piloted/piloted.module.js';
import { HealthSources } from './sources.js';

async function statesOf(imports: Parameters<typeof Test.createTestingModule>[0]['imports'] = []) {
  const module = await Test.createTestingModule({ imports, providers: [HealthSources] }).compile();
  await module.init();
  const sources = module.get(HealthSources);
  const states = { named: sources.services(['web']), all: sources.services(undefined) };
  await module.close();
  return states;
}

describe('HealthSources.services', () => {
  it('does not know a named service without PilotedModule', async () => {
    const { named, all } = await statesOf();
    expect([...named]).toEqual([['web', undefined]]);
    expect(all.size).toBe(0);
  });

  it('reports nothing of a disabled PilotedModule', async () => {
    const { named } = await statesOf([PilotedModule.forRoot({ registry: 'memory:', enabled: false })]);
    expect(named.size).toBe(0);
  });

  it('knows a named service with PilotedModule', async () => {
    const { named } = await statesOf([PilotedModule.forRoot({ registry: 'memory:' })]);
    expect(named.get('web')).toMatchObject({ endpoints: 0 });
  });
});
