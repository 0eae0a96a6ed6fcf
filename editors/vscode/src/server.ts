/** Where the program is that serves this extension. */

import { delimiter, isAbsolute, join, resolve } from 'node:path';

export interface Surroundings {
  /** What the user set, or nothing. */
  setting: string;
  path: string;
  home: string;
  platform: NodeJS.Platform;
  isFile: (path: string) => boolean;
}

/** Returns the program that the setting names, else the first one on the path, else where cargo installs. */
export function findServer(around: Surroundings): string | undefined {
  if (around.setting.trim() !== '') {
    return resolve(around.home, around.setting.trim().replace(/^~(?=[/\\])/, around.home));
  }
  const name = around.platform === 'win32' ? 'tagpol.exe' : 'tagpol';
  // One that is relative, or empty, would be in the folder that is open.
  const folders = around.path.split(delimiter).filter((folder) => isAbsolute(folder));
  const places = [...folders, join(around.home, '.cargo', 'bin')].map((folder) => join(folder, name));
  return places.find((place) => around.isFile(place));
}
