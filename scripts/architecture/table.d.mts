/** One folder of `lib/`, or one file that stands alone. */
export interface Folder {
  readonly folder: string;
  readonly about: string;
  /** Folders it may import besides itself. */
  readonly imports: readonly string[];
}

export const folders: readonly Folder[];

export const packages: readonly { readonly name: RegExp; readonly folders: readonly string[] }[];

/** @param path relative to `lib/` */
export function folderOf(path: string): string | undefined;
