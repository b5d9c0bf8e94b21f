import { exportedObject } from './config-object.js';
import { Literals, styleOf } from './literals.js';
import { type Outcome, unchanged } from './outcome.js';
import { applyEdits } from './text-edit.js';
import { type TypeScript } from './typescript.js';

const ENV = { SIDEKICK_REGISTRY: 'memory:' };

/** Adds the registry of tests to a configuration of Vitest. */
export function addVitestSettings(ts: TypeScript, path: string, text: string): Outcome {
  const literals = new Literals(ts, text, styleOf(text));
  const byHand = `${path}: set test.env.SIDEKICK_REGISTRY to 'memory:', so that tests register in memory.`;
  const settings = exportedObject(
    ts,
    ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true),
    literals,
  );
  if (!settings) return unchanged(text, byHand);
  const test = literals.member(settings, 'test');
  if (!test) {
    if (literals.has(settings, 'test')) return unchanged(text, byHand);
    return unchanged(applyEdits(text, [literals.addMember(settings, 'test', { env: ENV })]));
  }
  if (!ts.isObjectLiteralExpression(test)) return unchanged(text, byHand);
  // Projects inherit nothing from the configuration that lists them.
  const notes = literals.member(test, 'projects')
    ? [`${path}: set test.env.SIDEKICK_REGISTRY to 'memory:' in each of its projects too.`]
    : [];
  const env = literals.member(test, 'env');
  if (env && ts.isObjectLiteralExpression(env)) {
    if (literals.has(env, 'SIDEKICK_REGISTRY')) return unchanged(text);
    const edit = literals.addMember(env, 'SIDEKICK_REGISTRY', ENV.SIDEKICK_REGISTRY);
    return unchanged(applyEdits(text, [edit]), ...notes);
  }
  if (literals.has(test, 'env')) return unchanged(text, byHand);
  return unchanged(applyEdits(text, [literals.addMember(test, 'env', ENV)]), ...notes);
}
