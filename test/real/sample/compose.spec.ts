import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../packaging/tarball.js';

interface Service {
  readonly image?: string;
  readonly build?: unknown;
  readonly environment: Record<string, string>;
  readonly depends_on?: Record<string, { readonly condition: string }>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly volumes?: readonly string[];
}

interface Compose {
  readonly services: Record<string, Service>;
  readonly volumes: Record<string, unknown>;
}

const folder = join(root, 'sample', '11-docker-compose');

describe('The Docker Compose file', () => {
  let compose: Compose;

  beforeAll(async () => {
    // Rejects a syntax error and a key that is there twice.
    compose = parse(await readFile(join(folder, 'compose.yaml'), 'utf8'), { merge: true }) as Compose;
  });

  it('has only the top-level elements and attributes of the Compose specification', () => {
    expect(Object.keys(compose).filter((name) => !/^(services|volumes|x-.*)$/.test(name))).toEqual([]);
    const known = [
      ...['build', 'image', 'environment', 'depends_on', 'healthcheck', 'volumes', 'expose'],
      'stop_grace_period',
    ];
    const used = Object.values(compose.services).flatMap((service) => Object.keys(service));
    expect(used.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('builds from files that are there', async () => {
    expect(compose.services.web?.build).toBe('.');
    await access(join(folder, 'Dockerfile'));
  });

  it('names services and volumes that are there', () => {
    const names = Object.keys(compose.services);
    for (const [name, { environment, depends_on = {}, volumes = [] }] of Object.entries(compose.services)) {
      expect(names).toEqual(expect.arrayContaining(Object.keys(depends_on)));
      for (const [other, { condition }] of Object.entries(depends_on)) {
        expect(condition).toBe('service_healthy');
        expect(compose.services[other]?.healthcheck?.test[0]).toBe('CMD');
      }
      for (const volume of volumes) expect(compose.volumes).toHaveProperty(volume.split(':')[0]!);
      const urls = [
        ...Object.values(environment)
          .join(' ')
          .matchAll(/\/\/([\w.-]+):\d+/g),
      ];
      const hosts = urls.map(([, host]) => host!).filter((host) => host !== '0.0.0.0');
      expect([name, hosts.filter((host) => !names.includes(host))]).toEqual([name, []]);
    }
  });

  it('gives the application each member of the cluster', () => {
    const members = Object.keys(compose.services).filter((name) => name.startsWith('etcd-'));
    expect(compose.services.web?.environment.SIDEKICK_REGISTRY).toBe(
      `etcd://${members.map((name) => `${name}:2379`).join(',')}`,
    );
    const cluster = members.map((name) => `${name}=http://${name}:2380`).join(',');
    for (const name of members)
      expect(compose.services[name]?.environment).toMatchObject({
        ETCD_NAME: name,
        ETCD_INITIAL_CLUSTER: cluster,
        ETCD_ADVERTISE_CLIENT_URLS: `http://${name}:2379`,
        ETCD_INITIAL_ADVERTISE_PEER_URLS: `http://${name}:2380`,
      });
  });
});
