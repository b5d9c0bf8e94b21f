import { type ServiceHandle } from '../piloted/service-handle.js';
import { outcomeOfStatus } from './call-outcome.js';
import { grpcService, type GrpcServiceOptions } from './grpc-service.js';
import { unusedOptions } from './unused-options.js';

const handle = {
  name: 'hero',
  candidates: [],
  pick: () => undefined,
  start: () => undefined,
  calls: { retryOption: true, context: {} },
  balancingOptions: { balancer: 'round-robin' },
} as unknown as ServiceHandle;
const channel = (channelOptions: object = {}): Record<string, unknown> =>
  grpcService(handle, { package: 'hero', protoPath: 'hero.proto', channelOptions }).options
    .channelOptions as Record<string, unknown>;

describe('grpcService', () => {
  it("returns the options of Nest's gRPC client", () => {
    const { transport, options } = grpcService(handle, {
      package: 'hero',
      protoPath: 'hero.proto',
      keepalive: { keepaliveTimeMs: 1 },
    });
    expect(transport).toBe(4);
    expect(options).toMatchObject({
      package: 'hero',
      protoPath: 'hero.proto',
      keepalive: { keepaliveTimeMs: 1 },
      url: 'sidekick:///hero',
      channelOptions: { 'grpc.max_reconnect_backoff_ms': 5_000, 'grpc.enable_http_proxy': 0 },
    });
    expect(options).not.toHaveProperty('port');
  });

  it("keeps the application's channel options", () => {
    expect(channel({ 'grpc.max_reconnect_backoff_ms': 1, 'grpc.enable_http_proxy': 1, x: 2 })).toMatchObject({
      'grpc.max_reconnect_backoff_ms': 1,
      'grpc.enable_http_proxy': 1,
      x: 2,
    });
  });

  it('can be written as JSON, as the trace of grpc-js does', () => {
    expect(JSON.stringify(channel())).toContain('"hero"');
  });

  it('shares the connections of one handle and port', () => {
    const key = Object.keys(channel()).find((name) => name.startsWith('grpc.internal'))!;
    expect(channel()[key]).toBe(channel()[key]);
    const named = grpcService(handle, { package: 'hero', port: 'grpc' }).options
      .channelOptions as typeof channel;
    expect(Reflect.get(named, key)).not.toBe(channel()[key]);
  });

  it.each([
    [undefined, { package: 'hero' }, /^Expected `handle` to be a ServiceHandle/],
    [handle, undefined, /^Expected `options` to be an object/],
    [handle, { package: 'hero', port: 80 }, /^Expected `port` to be the name of a port, got 80/],
    [
      handle,
      { package: 'hero', channelOptions: { 'grpc.service_config': '[' } },
      /^Expected `channelOptions\['grpc.service_config'\]` to be a JSON object, got "\["/,
    ],
  ])('refuses bad input %#', (given, options, message) => {
    expect(() => grpcService(given!, options as GrpcServiceOptions)).toThrow(message);
  });
});

describe('unusedOptions', () => {
  it.each([
    [{}, true, undefined],
    [{ balancer: 'weighted-round-robin' }, false, undefined],
    [
      { balancer: 'maglev', slowStart: 5 },
      { attempts: 3 },
      'The options `balancer`, `slowStart`, `retry` of service "hero"',
    ],
  ])('names the options of a service that grpc-js does not use: %j', (balancing, retryOption, sentence) => {
    const balancingOptions = { balancer: 'round-robin', ...balancing };
    const said = unusedOptions({
      name: 'hero',
      balancingOptions,
      calls: { retryOption },
    } as unknown as ServiceHandle);
    if (sentence === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(sentence);
  });
});

describe('outcomeOfStatus', () => {
  it('counts as failures only what the instance is at fault for', () => {
    const outcomes = Array.from({ length: 17 }, (_, code) => outcomeOfStatus(code));
    const codesOf = (outcome: string): number[] =>
      outcomes.flatMap((each, code) => (each === outcome ? [code] : []));
    expect(codesOf('failure')).toEqual([13, 14, 15]);
    expect(codesOf('aborted')).toEqual([1, 4]);
  });
});
