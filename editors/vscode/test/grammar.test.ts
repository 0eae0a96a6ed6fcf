/** The TextMate grammar against the parser's keywords and the server's colors. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import oniguruma from 'vscode-oniguruma';
import textmate, { type IGrammar } from 'vscode-textmate';

import tagpol from '../syntaxes/tagpol.mjs';
import { REPOSITORY, Server, type Token } from './process';

const EVERY_FORM = readFileSync(join(REPOSITORY, 'lang/syntax/tests/it/every_form.tagpol'), 'utf8');

let grammar: IGrammar;
let server: Server;

before(async () => {
  const wasm = readFileSync('node_modules/vscode-oniguruma/release/onig.wasm');
  await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: () => Promise.resolve(textmate.parseRawGrammar(JSON.stringify(tagpol), 'tagpol.json')),
  });
  const loaded = await registry.loadGrammar('source.tagpol');
  assert.ok(loaded);
  grammar = loaded;
  server = new Server(mkdtempSync(join(tmpdir(), 'tagpol-grammar-')));
  await server.start();
});

after(() => server.stop());

/** The scopes of each character, line by line; innermost last. */
function scopes(text: string): string[][][] {
  let stack = textmate.INITIAL;
  return text.split('\n').map((line) => {
    const result = grammar.tokenizeLine(line, stack);
    stack = result.ruleStack;
    return result.tokens.flatMap((token) => Array.from({ length: token.endIndex - token.startIndex }, () => token.scopes));
  });
}

/** What a scope is, in the server's words. */
const CATEGORIES: [string, string][] = [
  ['comment', 'comment'],
  ['string.regexp', 'regexp'],
  ['string', 'string'],
  ['constant.character', 'string'],
  ['constant.numeric', 'number'],
  ['constant.language.boolean', 'enumMember'],
  ['constant.language', 'keyword'],
  ['keyword.operator.tagpol', 'operator'],
  ['keyword', 'keyword'],
  ['variable.language', 'keyword'],
  ['entity.name.namespace', 'namespace'],
  ['support.type', 'type'],
  ['support.function', 'macro'],
  ['variable', 'name'],
  ['entity', 'name'],
  ['constant.other', 'name'],
];

function category(scopes: readonly string[] | undefined): string {
  const inner = (scopes ?? []).filter((scope) => scope !== 'source.tagpol' && !scope.startsWith('meta.')).at(-1);
  return CATEGORIES.find(([prefix]) => inner?.startsWith(prefix))?.[1] ?? 'none';
}

/** Whether the two say the same; names have more kinds for the server, which knows what they are of. */
function agrees(token: Token, category: string, text: string): boolean {
  const lexical = ['keyword', 'comment', 'string', 'regexp', 'number', 'operator', 'type'];
  if (lexical.includes(token.type)) {
    // `&&` is a keyword of the language by its meaning, `lower` one by its place.
    const also = ['&&', '||', '!'].includes(text) ? 'operator' : ['lower', 'upper', 'trim'].includes(text) ? 'macro' : '';
    return category === token.type || category === also;
  }
  // A member of an enumeration may be a text.
  return !lexical.includes(category) || text.startsWith('"');
}

async function disagreements(name: string, text: string): Promise<string[]> {
  const uri = await server.open(text);
  const tokens = await server.tokens(uri);
  await server.close(uri);
  assert.ok(tokens.length > 5, `${name}: the server colors nothing`);
  const places = scopes(text);
  const lines = text.split('\n');
  return tokens.flatMap((token) => {
    const word = lines[token.line]?.slice(token.start, token.start + token.length) ?? '';
    const found = category(places[token.line]?.[token.start]);
    const says = `${name}:${token.line + 1}: \`${word}\` is ${token.type}, coloured as ${found}`;
    return agrees(token, found, word) ? [] : [says];
  });
}

function policies(folder: string): string[] {
  const entries = readdirSync(join(REPOSITORY, folder), { recursive: true, encoding: 'utf8' });
  // A folder `.tagpol` is what a project remembers.
  return entries.filter((entry) => /[^/.]\.tagpol$/.test(entry)).map((entry) => join(folder, entry));
}

test('colors are those of the server, in every form of the language', async () => {
  assert.deepEqual(await disagreements('every_form', EVERY_FORM), []);
});

test('colors are those of the server, in the library and the examples', async () => {
  const files = [...policies('stdlib'), ...policies('examples'), ...policies('cli/src')];
  assert.ok(files.length > 15, `only ${files.length} files`);
  for (const file of files) {
    assert.deepEqual(await disagreements(file, readFileSync(join(REPOSITORY, file), 'utf8')), []);
  }
});

test('keywords are those of the parser', () => {
  const rules = readFileSync(join(REPOSITORY, 'lang/syntax/src/characters.pest'), 'utf8').matchAll(/^kw_\w+\s*= @\{ "(\w+)"/gm);
  const expected = [...rules].map(([, word]) => word ?? '').sort();
  assert.ok(expected.length > 50);
  const text = `${EVERY_FORM}\ndefine recent = resource.created within last 3 days\n`;
  const lines = text.split('\n');
  const found = new Set<string>();
  scopes(text).forEach((line, number) => {
    line.forEach((scopes, column) => {
      const rest = lines[number]?.slice(column) ?? '';
      if (category(scopes) === 'keyword' && (column === 0 || !/[\w-]/.test(lines[number]?.[column - 1] ?? ''))) {
        found.add(/^[a-z-]+/.exec(rest)?.[0] ?? '');
      }
    });
  });
  assert.deepEqual(expected.filter((word) => !found.has(word)), []);
});

test('a name with a keyword in it is a name', () => {
  const line = 'define for-all = not-set and rule-b in [map-1]';
  const places = scopes(line)[0] ?? [];
  for (const name of ['for-all', 'not-set', 'rule-b', 'map-1']) {
    assert.equal(category(places[line.indexOf(name)]), 'name', name);
  }
});

test('a broken item does not color the next one', () => {
  const text = 'policy p {\n  require a\n\nrule r {\n  when a == "x"\n}\n';
  const places = scopes(text);
  assert.equal(category(places[3]?.[0]), 'keyword');
  assert.equal(category(places[4]?.[2]), 'keyword');
});
