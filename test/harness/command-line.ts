/** Says something and ends the process: for `--help` and the like. */
export function leave(text: string): never {
  process.stdout.write(text);
  process.exit(0);
}

/** The value of an option that is to be a number of 0 or more. @throws Error naming the option */
export function number(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new Error(`Expected \`${option}\` to be a number of 0 or more, got "${text}".`);
  return value;
}
