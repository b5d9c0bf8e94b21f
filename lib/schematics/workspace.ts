import { posix } from 'node:path';
import { type Outcome } from './outcome.js';

/** The files of a project, by their path from its folder with `/` between folders. */
export interface Files {
  /** Returns the content, or undefined if there is no such file. */
  read(path: string): string | undefined;
  /** Returns the paths of all files below a folder, except those of `node_modules`. */
  list(folder: string): readonly string[];
}

/** A changed file. `before` is undefined if it is new. */
export interface Change {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string;
}

/** Collects the changes of a project's files. A later step reads what an earlier one wrote. */
export class Workspace {
  readonly notes: string[] = [];
  private readonly written = new Map<string, string>();

  constructor(private readonly files: Files) {}

  read(path: string): string | undefined {
    return this.written.get(path) ?? this.files.read(path);
  }

  has(path: string): boolean {
    return this.read(path) !== undefined;
  }

  /** Returns the paths of the files below a folder whose name matches. */
  find(folder: string, name: RegExp): string[] {
    return this.files.list(folder).filter((path) => name.test(posix.basename(path)));
  }

  write(path: string, text: string): void {
    this.written.set(path, text);
  }

  /** Takes over the text and the notes of a step. */
  apply(path: string, { text, notes }: Outcome): void {
    this.notes.push(...notes);
    if (text !== this.read(path)) this.write(path, text);
  }

  get changes(): Change[] {
    return [...this.written]
      .map(([path, after]) => ({ path, before: this.files.read(path), after }))
      .filter(({ before, after }) => before !== after);
  }
}
