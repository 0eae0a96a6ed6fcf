/** Bundles the extension into dist/, with its grammars and the licenses of what is bundled; `--tests` the tests. */

import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { build } from 'esbuild';

import markdown from './syntaxes/markdown.mjs';
import tagpol from './syntaxes/tagpol.mjs';

const OUT = 'dist';
const ALLOWED = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', '0BSD'];

const common = { bundle: true, platform: 'node', target: 'node20', logLevel: 'warning' };

async function extension() {
  for (const [name, grammar] of Object.entries({ tagpol, markdown })) {
    writeFileSync(`${OUT}/${name}.tmLanguage.json`, JSON.stringify(grammar));
  }
  const { metafile } = await build({
    ...common,
    entryPoints: ['src/extension.ts'],
    outfile: `${OUT}/extension.js`,
    external: ['vscode'],
    minify: true,
    metafile: true,
  });
  writeFileSync(`${OUT}/licenses.txt`, licenses(metafile.inputs));
  copyFileSync('../../docs/schema/manifest.v1.json', `${OUT}/manifest.v1.json`);
  for (const license of ['LICENSE-MIT', 'LICENSE-APACHE']) {
    copyFileSync(`../../${license}`, `${OUT}/${license}`);
  }
}

/** The licenses of the packages that some bundled files are of. */
function licenses(files) {
  const packages = Object.keys(files).flatMap((file) => file.match(/^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/) ?? []);
  const texts = [...new Set(packages)].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    if (!ALLOWED.includes(license)) {
      throw new Error(`${name} has the license ${license}, which build.mjs does not allow`);
    }
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    return `${name} ${version}: ${license}\n\n${file === undefined ? '' : readFileSync(join(folder, file), 'utf8')}`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

async function tests() {
  const entryPoints = readdirSync('test').filter((name) => name.endsWith('.test.ts')).map((name) => `test/${name}`);
  await build({
    ...common,
    entryPoints,
    outdir: `${OUT}/tests`,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    packages: 'external',
    alias: { vscode: './test/vscode.ts' },
    sourcemap: 'inline',
  });
}

const wantsTests = process.argv.includes('--tests');
const out = wantsTests ? `${OUT}/tests` : OUT;
if (existsSync(out)) {
  rmSync(out, { recursive: true });
}
mkdirSync(out, { recursive: true });
await (wantsTests ? tests() : extension());
