/**
 * Packages the extension: without arguments dist/tagpol.vsix, which uses an installed program; with a platform such as
 * `linux-x64` and an unpacked archive of the program (`bin`, `lib` and `share/licenses`) dist/tagpol-linux-x64.vsix,
 * which has that program inside.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const SERVER = 'server';
const [platform, program] = process.argv.slice(2);

if (platform !== undefined && (program === undefined || !existsSync(join(program, 'bin')))) {
  console.error('package: write the platform and the folder of an unpacked archive: npm run package -- linux-x64 tagpol-0.1.0-…');
  process.exit(2);
}
rmSync(SERVER, { recursive: true, force: true });
const own = platform === undefined ? [] : ['--target', platform];
const out = join('dist', platform === undefined ? 'tagpol.vsix' : `tagpol-${platform}.vsix`);
try {
  if (platform !== undefined) {
    mkdirSync(SERVER);
    for (const folder of ['bin', 'lib', join('share', 'licenses')]) {
      cpSync(join(program, folder), join(SERVER, folder), { recursive: true });
    }
  }
  execFileSync('vsce', ['package', ...own, '--no-dependencies', '--skip-license', '--out', out], { stdio: 'inherit' });
} finally {
  rmSync(SERVER, { recursive: true, force: true });
}
