import { provision, type ServerName } from '../../scripts/servers/provision.mjs';

const known = new Map<ServerName, Promise<string>>();

/**
 * The path of a server's program, fetched when it is not there.
 *
 * @throws ServerMissingError that names every way to provide it
 */
export async function binary(name: ServerName): Promise<string> {
  let path = known.get(name);
  if (!path) {
    path = provision({ servers: [name] }).then((paths) => paths[name]!);
    known.set(name, path);
  }
  return await path;
}
