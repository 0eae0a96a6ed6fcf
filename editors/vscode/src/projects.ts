/** Which project a file belongs to, as far as the extension has to know. */

/** Returns the folder of the nearest manifest upwards, of those given as URIs; else the first that is around. */
export function projectOf(file: string, manifests: readonly string[], folders: readonly string[]): string {
  const roots = manifests.map((manifest) => manifest.slice(0, manifest.lastIndexOf('/')));
  return longest(file, roots) ?? longest(file, folders) ?? file;
}

/** Returns the longest of some folders that a file is in. */
export function longest(file: string, folders: readonly string[]): string | undefined {
  const around = folders.filter((folder) => file === folder || file.startsWith(`${folder.replace(/\/$/, '')}/`));
  return around.reduce<string | undefined>((best, folder) => (best === undefined || folder.length > best.length ? folder : best), undefined);
}

/** Groups things by what a function says of them, in the order of their first. */
export function groups<T>(things: readonly T[], key: (thing: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const thing of things) {
    const name = key(thing);
    const group = found.get(name);
    if (group === undefined) {
      found.set(name, [thing]);
    } else {
      group.push(thing);
    }
  }
  return found;
}
