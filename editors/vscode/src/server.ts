/** Where the program is that serves this extension. */

import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

export interface Surroundings {
  /** What the user set, or nothing. */
  setting: string;
  /** The folder of the extension, which has a program in packages for a platform. */
  extension: string;
  path: string;
  home: string;
  platform: NodeJS.Platform;
  isFile: (path: string) => boolean;
}

/** Returns the program that the setting names, else that of the extension, the first one on the path, or where cargo installs. */
export function findServer(around: Surroundings): string | undefined {
  if (around.setting.trim() !== '') {
    return resolve(around.home, around.setting.trim().replace(/^~(?=[/\\])/, around.home));
  }
  const name = around.platform === 'win32' ? 'tagpol.exe' : 'tagpol';
  // One that is relative, or empty, would be in the folder that is open.
  const folders = around.path.split(delimiter).filter((folder) => isAbsolute(folder));
  const own = join(around.extension, 'server', 'bin');
  const places = [own, ...folders, join(around.home, '.cargo', 'bin')].map((folder) => join(folder, name));
  return places.find((place) => around.isFile(place));
}

/** Returns the program on this machine, which may be a file that the setting names and that does not exist. */
export function installedServer(setting: string, extension: string): string | undefined {
  return findServer({
    setting,
    extension,
    path: process.env.PATH ?? '',
    home: homedir(),
    platform: process.platform,
    isFile,
  });
}

export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
