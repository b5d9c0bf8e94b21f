/** Declares names, and uses them through every path whose types name them. */
export const TYPED_NAMES = `
import { Controller, Get } from '@nestjs/common';
import {
  DiscoveryService, type Endpoint, Elections, getElectionToken, getServiceToken, LeaderOnly, Locked, OnDeposed, OnElected,
  OnServiceChange, PilotedModule, Service, ServiceHandle, type ServiceName, SidekickModule,
} from 'nestjs-sidekick';
import { grpcService } from 'nestjs-sidekick/grpc';
import { tcpService } from 'nestjs-sidekick/microservices';
import { SidekickHealthIndicator } from 'nestjs-sidekick/terminus';

declare module 'nestjs-sidekick' {
  interface ServiceNames { web: true; hero: true }
  interface ElectionNames { reports: true }
  interface LockNames { invoices: true }
}

@Controller()
export class Named {
  constructor(
    @Service('web') readonly web: ServiceHandle,
    // @ts-expect-error
    @Service('wob') readonly wob: ServiceHandle,
    readonly discovery: DiscoveryService,
    readonly elections: Elections,
    readonly health: SidekickHealthIndicator,
  ) {}

  @Get()
  @LeaderOnly('reports')
  @OnServiceChange('web')
  all(@Service('hero') endpoint: Endpoint): unknown[] {
    // @ts-expect-error
    this.discovery.pick('wob');
    // @ts-expect-error
    this.elections.of('report');
    // @ts-expect-error
    this.health.services('services', ['wob']);
    // @ts-expect-error
    getServiceToken('wob');
    // @ts-expect-error
    getElectionToken('report');
    const read: readonly ServiceName[] = this.discovery.names();
    for (const name of read) this.discovery.pick(name);
    return [endpoint, this.elections.of(), this.elections.of('reports'), this.health.services('services', ['web'])];
  }

  // @ts-expect-error
  @OnElected('report')
  elected(): void {}

  // @ts-expect-error
  @OnDeposed('report')
  deposed(): void {}

  // @ts-expect-error
  @LeaderOnly('report')
  leading(): void {}

  // @ts-expect-error
  @OnServiceChange('wob')
  changed(): void {}

  // @ts-expect-error
  @Locked('invoice', { lockAtMostFor: 60 })
  invoices(): void {}
}

export const clients = (discovery: DiscoveryService): unknown[] => [
  grpcService(discovery.of('hero'), { package: 'hero', protoPath: 'hero.proto' }),
  tcpService(discovery.of('hero')),
  // @ts-expect-error
  grpcService(discovery.of('hera'), { package: 'hero', protoPath: 'hero.proto' }),
];

// @ts-expect-error
export const announced = SidekickModule.forRoot({ service: { name: 'wob' } });
// @ts-expect-error
export const listed = PilotedModule.forRoot({ services: ['web', 'wob'] });
// @ts-expect-error
export const given = PilotedModule.forRoot({ services: [{ name: 'wob' }] });
// @ts-expect-error
export const featured = PilotedModule.forFeature(['wob']);
export const good = [
  SidekickModule.forRoot({ service: { name: 'web' } }),
  PilotedModule.forRoot({ services: ['web', { name: 'hero', tag: 'v2' }] }),
  PilotedModule.forFeature(['web']),
];
`;

/** The settings of its program, since a declaration holds for all of one. */
export const TYPED_NAMES_PROJECT = JSON.stringify({
  extends: '../tsconfig.json',
  compilerOptions: { rootDir: '.' },
  include: ['.'],
});
