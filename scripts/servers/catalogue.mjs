/**
 * The servers for the tests and their Debian packages. Tested packages have a pinned hash. For an architecture without one,
 * apt's signed index verifies the package.
 */
export const CATALOGUE = Object.freeze({
  etcd: {
    title: 'etcd 3.5',
    env: 'ETCD_BIN',
    command: 'etcd',
    versionArgs: ['--version'],
    versions: /etcd Version: 3\.([4-9]|\d\d)\./,
    wanted: 'etcd 3.4 or newer',
    package: 'etcd-server',
    suite: 'trixie',
    binary: 'usr/bin/etcd',
    cached: 'etcd-3.5',
    pinned: {
      amd64: {
        path: 'pool/main/e/etcd/etcd-server_3.5.16-4_amd64.deb',
        sha256: '0875921bb0d023f2af9b8e15cdfbe417a03e65731345fb832c40f9c2dd72967b',
      },
    },
  },
  etcdctl: {
    title: 'etcdctl 3.5',
    env: 'ETCDCTL_BIN',
    command: 'etcdctl',
    versionArgs: ['version'],
    versions: /etcdctl version: 3\.([4-9]|\d\d)\./,
    wanted: 'etcdctl 3.4 or newer',
    package: 'etcd-client',
    suite: 'trixie',
    binary: 'usr/bin/etcdctl',
    cached: 'etcdctl-3.5',
    pinned: {
      amd64: {
        path: 'pool/main/e/etcd/etcd-client_3.5.16-4_amd64.deb',
        sha256: '7eb67e305ba2ce523a5a0b29bf88750ded3f724769c7111a83382b7909f9977b',
      },
    },
  },
  consul: {
    title: 'Consul 1.8',
    env: 'CONSUL_BIN',
    command: 'consul',
    versionArgs: ['version'],
    versions: /Consul v?(1\.([89]|\d\d)|[2-9])\b/,
    wanted: 'Consul 1.8 or newer',
    package: 'consul',
    suite: 'bullseye',
    binary: 'usr/bin/consul',
    cached: 'consul-1.8',
    pinned: {
      amd64: {
        path: 'pool/main/c/consul/consul_1.8.7+dfsg1-2+b3_amd64.deb',
        sha256: 'e4e888bba104daba1d9161f49bfc52649a7e4efd45b1a7ead5bc54f2cb9c89d9',
      },
    },
  },
  etcd34: {
    title: 'etcd 3.4',
    env: 'ETCD34_BIN',
    command: undefined,
    versionArgs: ['--version'],
    versions: /etcd Version: 3\.4\./,
    wanted: 'etcd 3.4',
    package: 'etcd-server',
    suite: 'bookworm',
    binary: 'usr/bin/etcd',
    cached: 'etcd-3.4',
    pinned: {
      amd64: {
        path: 'pool/main/e/etcd/etcd-server_3.4.23-4+b4_amd64.deb',
        sha256: '3a9445d4560ad6de1c375756b2a17d97713df44cbd20a658c871fe108af7ef5d',
      },
    },
  },
  etcdNewest: {
    title: 'etcd 3.5.30',
    env: 'ETCD_NEWEST_BIN',
    command: undefined,
    versionArgs: ['--version'],
    versions: /etcd Version: 3\.(5\.[3-9]\d|[6-9]|\d\d)/,
    wanted: 'etcd 3.5.30 or newer',
    package: 'etcd-server',
    suite: 'sid',
    binary: 'usr/bin/etcd',
    cached: 'etcd-3.5.30',
    pinned: {
      amd64: {
        path: 'pool/main/e/etcd/etcd-server_3.5.30-2_amd64.deb',
        sha256: '11a4f7e350c5020b83edff5160a6063d4e56ac9cd014d21ce8916378bf96de79',
      },
    },
  },
  promtool: {
    title: 'promtool 2.42',
    env: 'PROMTOOL_BIN',
    command: 'promtool',
    versionArgs: ['--version'],
    versions: /promtool, version (2\.(3[5-9]|[4-9]\d)|[3-9])/,
    wanted: 'promtool 2.35 or newer',
    package: 'prometheus',
    suite: 'bookworm',
    binary: 'usr/bin/promtool',
    cached: 'promtool-2.42',
    pinned: {
      amd64: {
        path: 'pool/main/p/prometheus/prometheus_2.42.0+ds-5+deb12u1_amd64.deb',
        sha256: '81d59a24fce84f7fbe97a45a4f2914b6a5881b5cd1db2a6a0e129e515e1a5f55',
      },
    },
  },
});
