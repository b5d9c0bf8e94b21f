import { loadContainerPilot, renderTemplate } from './index.js';

/** Behaviour to preserve (G, P) and bugs to avoid (B) of go-piloted, node-piloted and ContainerPilot. */
describe('compatibility with go-piloted', () => {
  it('G1: a missing path and an empty CONTAINERPILOT are "undefined configfile"', () => {
    expect(() => loadContainerPilot('', {})).toThrow('undefined configfile');
  });

  it('G2: template actions are rendered with and without spaces', () => {
    const env = { CONSULPORT: '8501', NAME: 'db' };
    const config = loadContainerPilot(
      '{"consul": "h:{{.CONSULPORT}}", "backends": [{"name": "{{ .NAME }}", "poll": 3}]}',
      env,
    );
    expect(config).toMatchObject({ registry: { port: 8501 }, watches: [{ name: 'db' }] });
  });

  it('G4: backends need neither poll nor onChange', () => {
    expect(loadContainerPilot('{"backends": [{"name": "db"}]}', {}).watches).toMatchObject([{ name: 'db' }]);
  });

  it('B10: missing backends, and a root or entries that are not objects, do not crash', () => {
    expect(loadContainerPilot('{"consul": "h:1"}', {}).watches).toEqual([]);
    expect(() => loadContainerPilot('{"backends": ["x", 5, [], null]}', {})).toThrow(
      /backends\[0\].*[^]*backends\[1\]/,
    );
    expect(() => loadContainerPilot('{"backends": {"name": "x"}}', {})).toThrow(/backends/);
  });

  it('B11: watches, JSON5, consul as an object, tag, dc, token and TLS are read', () => {
    const config = loadContainerPilot(
      `{ consul: { address: 'c:8501', scheme: 'https', token: 't', tls: { cafile: 'ca' } },
         watches: [{ name: 'db', interval: 1, tag: 'x', dc: 'east' }], }`,
      {},
    );
    expect(config).toMatchObject({
      registry: { secure: true, token: 't', tls: { caFile: 'ca', verify: true } },
      watches: [{ tag: 'x', dc: 'east' }],
    });
  });

  it('B11: {{if}} is rendered', () => {
    const text = '{"consul": "{{ if .H }}{{ .H }}{{ else }}consul{{ end }}:8500"}';
    expect(loadContainerPilot(text, {}).registry).toMatchObject({ host: 'consul' });
    expect(loadContainerPilot(text, { H: 'c2' }).registry).toMatchObject({ host: 'c2' });
  });
});

describe('compatibility with node-piloted', () => {
  it('P2: file:// and JSON5 are supported', () => {
    expect(() => loadContainerPilot('file:///nowhere.json5', {})).toThrow(/^\/nowhere\.json5: /);
    expect(loadContainerPilot("{watches: [{name: 'db', interval: 1,},], /* c */}", {}).watches).toHaveLength(
      1,
    );
  });

  it('P3: consul is optional', () => {
    expect(loadContainerPilot('{}', { CONSUL_HOST: 'c9' }).registry).toMatchObject({
      host: 'c9',
      port: 8500,
    });
  });

  it('P4: watches are optional', () => {
    expect(loadContainerPilot('{consul: "c:1"}', {}).watches).toEqual([]);
  });

  it('B3: consul may be an object', () => {
    expect(loadContainerPilot('{consul: {address: "c:1", token: "t"}}', {}).registry).toMatchObject({
      host: 'c',
      token: 't',
    });
  });

  it('B4: {{ if }} … {{ end }} is rendered', () => {
    expect(renderTemplate('{{ if .A }}x{{ end }}', {})).toBe('');
  });

  it('B5: a variable set to "" is set', () => {
    const { unsetVariables } = loadContainerPilot('{consul: "c:1{{ .SUFFIX }}"{{ .NOPE }} }', { SUFFIX: '' });
    expect(unsetVariables).toEqual(['NOPE']);
  });

  it('B9: tag, dc and interval of a watch are read', () => {
    expect(
      loadContainerPilot('{watches: [{name: "db", interval: 7, tag: "t", dc: "d"}]}', {}).watches,
    ).toEqual([{ name: 'db', interval: 7, tag: 't', dc: 'd' }]);
  });

  it('B12: an error in the file of CONTAINERPILOT is thrown', () => {
    expect(() => loadContainerPilot('', { CONTAINERPILOT: '{' })).toThrow(/configuration:1:1/);
  });
});

describe('differences from ContainerPilot', () => {
  it('keeps the value of a variable after a second equals sign', () => {
    expect(renderTemplate('{{ .URL }}', { URL: 'x?a=b&c=d' })).toBe('x?a=b&c=d');
  });

  it('verifies certificates by default', () => {
    const verify = (tls: string): unknown =>
      loadContainerPilot(`{consul: {address: "c:1", scheme: "https", tls: {${tls}}}}`, {}).registry;
    expect(verify('')).toMatchObject({ tls: { verify: true } });
    expect(verify('verify: false')).toMatchObject({ tls: { verify: false } });
  });

  it('creates the id of a service as ContainerPilot does', () => {
    const text = '{jobs: [{name: "app", port: 1, health: {interval: 1, ttl: 3}}]}';
    expect(loadContainerPilot(text, {}, { hostname: 'h' }).services[0]?.id).toBe('app-h');
  });
});
