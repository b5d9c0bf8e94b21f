import fc from 'fast-check';
import { type CorpusEntry, readCorpus } from './corpus.js';
import { judge } from './judge.js';

/** An input that did what none may do. */
export interface Finding {
  /** As it is kept in the corpus. */
  readonly input: Buffer;
  readonly error: unknown;
}

/** One way by which something comes in from outside. */
export interface Target {
  readonly name: string;
  /** The guarantee for every input. */
  readonly promise: string;
  /** Its part of the inputs of a run, beside those of the others; 1 for what takes some ten microseconds. */
  readonly share: number;
  readonly corpus: readonly CorpusEntry[];
  /** Runs one input of the corpus. @throws what it does wrong */
  replay(entry: CorpusEntry): Promise<void>;
  /** Runs `inputs` made-up inputs, always the same ones for one seed; stops at the first finding, made small. */
  fuzz(options: { readonly inputs: number; readonly seed: number }): Promise<Finding | undefined>;
}

/** How a {@link Target} is made. */
export interface TargetSpec<I> {
  readonly name: string;
  readonly promise: string;
  readonly share?: number;
  /** Makes up inputs, the corpus being where some of them begin. */
  readonly inputs: (corpus: readonly I[]) => fc.Arbitrary<I>;
  /** An input out of a file of the corpus. */
  readonly read: (bytes: Buffer) => I;
  readonly write: (input: I) => Buffer;
  /** Takes the input in, and throws nothing but errors of the library, unless something is wrong with the result. */
  readonly run: (input: I, count: () => void) => void | Promise<void>;
  readonly close?: () => Promise<void>;
}

/** Milliseconds that are spent on making a finding small. */
const SHRINKING = 20_000;

/** Called before each input runs, so that a hung run can be detected. */
export const progress = { count: (): void => undefined };

export function makeTarget<I>(spec: TargetSpec<I>): Target {
  const { name, promise, share = 1, read, write, run } = spec;
  const corpus = readCorpus(name);
  const inputs = spec.inputs(corpus.map(({ bytes }) => read(bytes)));
  const attempt = async (input: I): Promise<void> => {
    progress.count();
    await judge(() => run(input, () => progress.count()));
  };
  return {
    name,
    promise,
    share,
    corpus,
    replay: async ({ bytes }) => await attempt(read(bytes)),
    fuzz: async ({ inputs: numRuns, seed }) => {
      let failedAt: number | undefined;
      let last: { readonly input: I; readonly error: unknown } | undefined;
      const property = fc.asyncProperty(inputs, async (input) => {
        if (failedAt !== undefined && performance.now() - failedAt > SHRINKING) return;
        try {
          await attempt(input);
        } catch (error) {
          failedAt ??= performance.now();
          last = { input, error };
          throw error;
        }
      });
      await fc.check(property, { numRuns, seed });
      return last && { input: write(last.input), error: last.error };
    },
  };
}

/** Creates a target whose input is a string. */
export function textTarget(spec: Omit<TargetSpec<string>, 'read' | 'write'>): Target {
  return makeTarget({ ...spec, read: (bytes) => bytes.toString(), write: (text) => Buffer.from(text) });
}

/** A target that takes bytes. */
export function bytesTarget(spec: Omit<TargetSpec<Buffer>, 'read' | 'write'>): Target {
  return makeTarget({ ...spec, read: (bytes) => bytes, write: (bytes) => bytes });
}

/** A target that takes what JSON can say: its corpus is JSON, in which half a surrogate pair can be written too. */
export function dataTarget<I>(spec: Omit<TargetSpec<I>, 'read' | 'write'>): Target {
  return makeTarget({
    ...spec,
    read: (bytes) => JSON.parse(bytes.toString()) as I,
    write: (input) => Buffer.from(`${JSON.stringify(input, sayable)}\n`),
  });
}

/** A description of values that JSON cannot express. */
function sayable(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' || typeof value === 'symbol' ? String(value) : value;
}
