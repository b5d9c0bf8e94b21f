import { type Selection } from '../discovery/selection.js';

/**
 * Which registries were read for a service without endpoints, how long ago, and why they do not answer, as the detail of
 * `NoEndpointsError`; undefined if none of it is known.
 */
export function noEndpointsDetail(
  { registries, freshness: { ageMs, error } }: Pick<Selection, 'registries' | 'freshness'>,
  isListed: boolean,
): string | undefined {
  const failure = error?.message.replace(/\.$/, '');
  const age = isListed && ageMs !== undefined ? `${Math.round(ageMs / 100) / 10} s ago` : '';
  const unnamed = registries.filter((url) => age !== '' || failure?.includes(url) !== true);
  const listed = [...unnamed, age].filter((part) => part !== '').join(', ');
  if (failure === undefined) return listed === '' ? undefined : listed;
  if (listed === '') return failure;
  return age === '' ? `${listed}: ${failure}` : `${listed}; since then: ${failure}`;
}
