import { SIDEKICK_DEFAULTS } from '../sidekick/sidekick.defaults.js';
import { CREDENTIAL_OPTIONS } from './registry-url.js';
import { type Syntax } from './syntax.js';

/** What `sidekicker` accepts: the flags of the command-line utility of Go `sidekick`, and more. */
export const SIDEKICKER_SYNTAX: Syntax = {
  name: 'sidekicker',
  summary: 'register a key and keep it alive',
  operands: ['-key KEY', '-key KEY -- COMMAND [ARGUMENT…]'],
  maxOperands: 0,
  command: true,
  about: [
    'Registers a key in a registry and keeps it alive until interrupted, then deregisters it. With a COMMAND, registers the',
    'key, runs the command, passes signals on to it, deregisters the key when it has ended, and exits with its code (127: not',
    'found, 126: not executable, 128 + n: ended by signal n). Options may begin with one dash or two.',
  ],
  options: {
    servers: {
      value: 'URL',
      about:
        'the registry: a URL such as etcd://a:2379,b:2379 or consul://host:8500, or a comma-separated\nlist of etcd servers; default: the environment variable SIDEKICK_REGISTRY, else the registry\nof this machine',
    },
    key: { value: 'KEY', about: 'the key (required)' },
    val: {
      value: 'VALUE',
      about:
        'its value; empty by default. "-": each line of standard input is the next value, and the end\nof the input deregisters the key and ends the program',
    },
    hold: { about: 'with "-val -": after the end of the input keep the last value until interrupted' },
    ttl: {
      value: 'SECONDS',
      about: `how long the key outlives this program (default: ${SIDEKICK_DEFAULTS.ttl})`,
    },
    update: {
      value: 'SECONDS',
      about: `how often the value is checked (default: ${SIDEKICK_DEFAULTS.updateInterval})`,
    },
    exclusive: { about: 'fail while another live session owns the key' },
    verbose: { about: 'print events to standard error' },
    ...CREDENTIAL_OPTIONS,
    version: { about: 'print the version' },
  },
  dashes: '-',
  examples: [
    ['sidekicker -servers http://10.0.0.1:2379 -key /servers/web/1 -val running', 'as with Go sidekick'],
    ['sidekicker -key /servers/web/1 -val 10.0.0.5:80 -- nginx -g "daemon off;"', 'while nginx runs'],
    ['while sleep 5; do uptime; done | sidekicker -key /load/$(hostname) -val -', 'a value that changes'],
  ],
};
