import { type Target } from '../target.js';
import addresses from './addresses.js';
import { pilotedArguments, sidekickerArguments } from './arguments.js';
import consulAnswer from './consul-answer.js';
import consulServer from './consul-server.js';
import containerpilotConfig from './containerpilot-config.js';
import containerpilotFile from './containerpilot-file.js';
import directory from './directory.js';
import dnsAnswer from './dns-answer.js';
import driverOptions from './driver-options.js';
import duration from './duration.js';
import environment from './environment.js';
import etcdTree from './etcd-tree.js';
import etcdValue from './etcd-value.js';
import fileEntry from './file-entry.js';
import fileFolder from './file-folder.js';
import interfaces from './interfaces.js';
import names from './names.js';
import registryUrl from './registry-url.js';
import snapshot from './snapshot.js';
import template from './template.js';

/** Every way by which something comes in from outside. */
export const TARGETS: readonly Target[] = [
  addresses,
  consulAnswer,
  consulServer,
  containerpilotConfig,
  containerpilotFile,
  directory,
  dnsAnswer,
  driverOptions,
  duration,
  environment,
  etcdTree,
  etcdValue,
  fileEntry,
  fileFolder,
  interfaces,
  names,
  pilotedArguments,
  registryUrl,
  sidekickerArguments,
  snapshot,
  template,
];
