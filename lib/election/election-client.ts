import { type Clock } from '../common/clock.js';
import { type Logger } from '../common/logger.js';
import { type Random } from '../common/random.js';
import { type Registry } from '../registry/registry.js';
import { type Election, type Leader } from './election.js';
import { type ElectionPhase } from './election-state.js';
import { type Locks } from './locks.js';

/** What `Elections.dump()` shows of one election. */
export interface ElectionStatus {
  /** Name of the election. */
  readonly name: string;
  /** State of this instance's candidacy. */
  readonly state: ElectionPhase;
  /** Whether this instance leads. */
  readonly isLeader: boolean;
  /** The leader that this instance knows of, itself included. */
  readonly leader: Leader | undefined;
  /** Number of jobs that run by this instance's leadership. */
  readonly runs: number;
}

/** Takes part in elections and locks of one registry, with one session for all of them. */
export interface ElectionClient {
  readonly locks: Locks;

  /** Seconds granted to the session; those requested before the first grant. */
  readonly ttl: number;

  /**
   * Returns the election of this name, the same object each time. It observes until {@link Election.campaign}.
   *
   * @throws InvalidOptionError for an invalid name
   * @throws RegistryRefusedError for a registry that cannot be written, see `checkElections`
   */
  of(name: string): Election;

  /** The status of every election, in order of the first call of {@link ElectionClient.of}. */
  dump(): readonly ElectionStatus[];

  /** Resigns from every election, and defers campaigns, until {@link ElectionClient.resume}. */
  pause(): Promise<void>;

  /** Campaigns again in the elections that {@link ElectionClient.pause} has left, and in those that were to begin since. */
  resume(): void;

  /**
   * Begins the shutdown, synchronously: every signal aborts, `isLeader` is false, further runs are refused. Records are
   * still renewed until `close`.
   */
  shutdown(): void;

  /**
   * Ends everything: releases each election and lock as soon as its jobs have ended, then ends the session. A job that
   * still runs after `graceMs` is logged, and its record is left to expire. Never rejects.
   */
  close(graceMs: number): Promise<void>;
}

/** Dependencies of {@link createElections}. */
export interface ElectionDeps {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Seconds; the server may grant more. */
  readonly ttl: number;
  /** Name of this process in the records, for operators: `host:pid`. */
  readonly name: string;
  /** Nest's `ModulesContainer.applicationId`, for diagnostics channels. */
  readonly applicationId?: string | undefined;
}
