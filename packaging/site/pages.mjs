/**
 * Collects the pages of the site in `pages/`: the documents of this repository as they are, and a page for each diagnostic, as
 * `tagpol explain-code` prints it.
 *
 * TAGPOL_PROGRAM names the program; default: target/debug/tagpol.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import grammar from '../../editors/vscode/syntaxes/tagpol.mjs';

const SITE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(SITE, '..', '..');
const PAGES = join(SITE, 'pages');
const PROGRAM = process.env.TAGPOL_PROGRAM ?? join(ROOT, 'target', 'debug', 'tagpol');

/** Documents outside of `docs`, which its pages link to, by their page on the site. */
const OTHERS = {
  'stdlib/README.md': 'stdlib.md',
  'CHANGELOG.md': 'changelog.md',
  'SECURITY.md': 'security.md',
};

const tagpol = (...args) => execFileSync(PROGRAM, ['explain-code', ...args], { encoding: 'utf8' });

/** Links between documents as they are on the site. Links into the source have no page: they become plain text. */
function linked(text, folder) {
  return text.replace(/(?<!!)\[([^\]]*)\]\((?!https?:|#)([^)\s]+)\)/g, (whole, label, target) => {
    const [path, anchor] = target.split('#');
    const file = join(folder, path);
    const page = file.startsWith('docs/') ? file.slice('docs/'.length) : OTHERS[file];
    if (page === undefined || (page.endsWith('.md') === false && !page.startsWith('schema/'))) return label;
    const name = page.replace(/\.md$/, '');
    return `[${label}](/${name}${anchor ? `#${anchor}` : ''})`;
  });
}

/** Angle brackets and double braces outside of code are elements and expressions of Vue. */
function escaped(text) {
  const parts = text.split(/(^ {0,3}```[\s\S]*?^ {0,3}```|`[^`\n]+`)/m);
  return parts.map((part, at) => (at % 2 === 1 ? part : part.replaceAll('{{', '&#123;&#123;').replace(/<(?=[A-Za-z/])/g, '&lt;'))).join('');
}

function diagnostics() {
  const codes = tagpol()
    .split('\n')
    .map((line) => line.match(/^ *([A-Z]\d{4}|[a-z]+(?:-[a-z]+)*)\s{2,}(.+)$/))
    .filter(Boolean);
  if (codes.length < 50) throw new Error(`tagpol explain-code lists ${codes.length} codes`);
  mkdirSync(join(PAGES, 'diagnostics'), { recursive: true });
  const rows = codes.map(([, code, title]) => `| [${code}](/diagnostics/${code}) | ${escaped(title)} |`);
  for (const [, code] of codes) writeFileSync(join(PAGES, 'diagnostics', `${code}.md`), escaped(tagpol(code)));
  const head = '# Diagnostics\n\nEach page has a wrong and a right example; `tagpol explain-code E0011` prints the same.\n';
  writeFileSync(join(PAGES, 'diagnostics', 'index.md'), `${head}\n| code | |\n|---|---|\n${rows.join('\n')}\n`);
  return codes.map(([, code]) => code);
}

rmSync(PAGES, { recursive: true, force: true });
mkdirSync(join(PAGES, 'public'), { recursive: true });
for (const entry of readdirSync(join(ROOT, 'docs'), { recursive: true })) {
  if (entry.endsWith('.md')) {
    const target = join(PAGES, entry);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, linked(readFileSync(join(ROOT, 'docs', entry), 'utf8'), dirname(join('docs', entry))));
  }
}
for (const [file, page] of Object.entries(OTHERS)) {
  writeFileSync(join(PAGES, page), linked(readFileSync(join(ROOT, file), 'utf8'), dirname(file)));
}
cpSync(join(ROOT, 'docs', 'images'), join(PAGES, 'images'), { recursive: true });
cpSync(join(ROOT, 'docs', 'schema'), join(PAGES, 'public', 'schema'), { recursive: true });
cpSync(join(SITE, 'index.md'), join(PAGES, 'index.md'));
cpSync(join(SITE, '.vitepress'), join(PAGES, '.vitepress'), { recursive: true });
writeFileSync(join(PAGES, '.vitepress', 'tagpol.json'), JSON.stringify(grammar));
writeFileSync(join(PAGES, '.vitepress', 'codes.json'), JSON.stringify(diagnostics()));
