/** What package.json promises, against the code, the server and its documentation. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { OWN_COMMANDS } from '../src/protocol';
import tagpol from '../syntaxes/tagpol.mjs';
import { REPOSITORY, Server } from './process';

interface Manifest {
  contributes: {
    commands: { command: string }[];
    menus: Record<string, { command: string }[]>;
    walkthroughs: { steps: { description: string; media: { markdown: string }; completionEvents: string[] }[] }[];
    semanticTokenScopes: { scopes: Record<string, string[]> }[];
    configuration: { properties: Record<string, { default: unknown }> };
  };
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const snippets = JSON.parse(readFileSync('snippets/tagpol.json', 'utf8')) as Record<string, { prefix: string; body: string[] }>;
const commands = manifest.contributes.commands.map(({ command }) => command).sort();
const readme = readFileSync(join(REPOSITORY, 'lsp/README.md'), 'utf8');

let server: Server;

before(async () => {
  server = new Server(mkdtempSync(join(tmpdir(), 'tagpol-package-')));
  await server.start();
});

after(() => server.stop());

test('every command is registered, and every registered one is declared', () => {
  const sources = readdirSync('src').map((name) => readFileSync(join('src', name), 'utf8'));
  const registered = sources.flatMap((text) => [...text.matchAll(/(?:register|registerCommand)\('(tagpol\.\w+)'/g)]);
  assert.deepEqual(registered.map(([, name]) => name).sort(), commands);
});

test('menus and lenses name commands that there are', () => {
  const menus = Object.values(manifest.contributes.menus).flat();
  for (const name of [...menus.map(({ command }) => command), ...OWN_COMMANDS]) {
    assert.ok(commands.includes(name), name);
  }
});

test('the walkthrough has its pages, and names commands that there are', () => {
  for (const { description, media, completionEvents } of manifest.contributes.walkthroughs.flatMap(({ steps }) => steps)) {
    assert.notEqual(readFileSync(media.markdown, 'utf8'), '');
    for (const [, command] of [description, ...completionEvents].join(' ').matchAll(/(?:command:|onCommand:)(tagpol\.\w+)/g)) {
      assert.ok(commands.includes(command ?? ''), command);
    }
  }
});

test('commands of lenses are those that the server documents', () => {
  const table = readme.slice(readme.indexOf('### Commands'), readme.indexOf('### Settings'));
  const documented = [...table.matchAll(/^\| `(tagpol\.\w+)`/gm)].map(([, name]) => name);
  assert.deepEqual([...OWN_COMMANDS].sort(), documented.sort());
});

test('requests are those that the server documents', () => {
  const source = readFileSync('src/protocol.ts', 'utf8');
  for (const [, method] of source.matchAll(/^ {2}'(tagpol\/\w+)':/gm)) {
    assert.ok(readme.includes(`| \`${method}\` |`), method);
  }
});

test('settings and their defaults are those that the server documents', () => {
  const rows = readme.slice(readme.indexOf('### Settings')).matchAll(/^\| (`\w+\.\w+`.*?) \| `(\w+)` \|/gm);
  const documented = [...rows].flatMap(([, names, value]) =>
    [...(names ?? '').matchAll(/`([\w.]+)`/g)].map(([, name]) => [`tagpol.${name}`, JSON.parse(value ?? '') as unknown]),
  );
  assert.ok(documented.length >= 10, `${documented.length} settings`);
  const own = ['tagpol.server.path', 'tagpol.trace.server'];
  const properties = Object.entries(manifest.contributes.configuration.properties);
  const declared = properties.filter(([name]) => !own.includes(name)).map(([name, { default: value }]) => [name, value]);
  assert.deepEqual(declared.sort(), documented.sort());
});

test('what the server colors keeps the colors of the grammar', () => {
  const scopes = manifest.contributes.semanticTokenScopes[0]?.scopes ?? {};
  assert.deepEqual(Object.keys(scopes).sort(), [...server.tokenTypes].sort());
  const grammar = JSON.stringify(tagpol);
  for (const scope of Object.values(scopes).flat()) {
    assert.ok(grammar.includes(`"${scope}"`), scope);
  }
});

test('what snippets insert has no mistake in its form', async () => {
  for (const [name, { body }] of Object.entries(snippets)) {
    const text = expanded(body.join('\n'));
    const uri = await server.open(text);
    const diagnostics = await server.diagnostics(uri);
    const mistakes = diagnostics.filter(({ code }) => code.startsWith('E000'));
    assert.deepEqual(mistakes, [], `${name}:\n${text}`);
    await server.close(uri);
  }
});

test('snippets add to what the server offers', async () => {
  const uri = await server.open('');
  const offered = await server.completions(uri);
  assert.ok(offered.includes('policy'), offered.join());
  const prefixes = Object.values(snippets).map(({ prefix }) => prefix);
  assert.deepEqual(prefixes.filter((prefix) => offered.includes(prefix)), []);
});

/** The text of a snippet whose places keep what they propose. */
function expanded(body: string): string {
  const chosen = body.replace(/\$\{\d+\|([^,|]+)[^}]*\}/g, '$1');
  return chosen.replace(/\$\{\d+:((?:[^}\\]|\\.)*)\}/g, '$1').replace(/\$\d/g, '').replace(/\\(.)/g, '$1');
}
