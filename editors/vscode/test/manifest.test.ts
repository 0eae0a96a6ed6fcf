/** Completion in `tagpol.toml`, and its schema against the program that reads the file. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import schema from '../../../docs/schema/manifest.v1.json';
import { description, offers, type Schema } from '../src/manifestSchema';
import { binary } from './process';

const folder = mkdtempSync(join(tmpdir(), 'tagpol-manifest-'));
const root = schema as Schema;

/** What the program prints about a manifest that it refuses. */
function refusal(text: string): string {
  writeFileSync(join(folder, 'tagpol.toml'), text);
  try {
    execFileSync(binary(), ['check', folder], { stdio: 'pipe' });
  } catch (error) {
    return (error as { stderr: Buffer }).stderr.toString();
  }
  throw new Error(`the program takes ${text}`);
}

/** The names that it lists, where it expects others than it got. */
function expected(text: string): string[] {
  const list = /(?:expected|one of) (.*)/.exec(refusal(text))?.[1] ?? '';
  return [...list.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '').sort();
}

function labels(...before: string[]): string[] {
  return offers(before, []).map(({ label }) => label);
}

test('the schema has the keys that the program reads', () => {
  const tables: [string, Schema | undefined][] = [
    ['', root],
    ['[doc]\n', root.properties?.doc],
    ['[report]\n', root.properties?.report],
    ['[serve]\n', root.properties?.serve],
    ['[policy.p]\n', root.properties?.policy?.additionalProperties as Schema],
    ['[packages.p]\n', root.properties?.packages?.additionalProperties as Schema],
  ];
  for (const [header, found] of tables) {
    assert.deepEqual(Object.keys(found?.properties ?? {}).sort(), expected(`${header}unknown-key = 1\n`), header);
  }
});

test('the schema has the values that the program reads', () => {
  const lints = root.properties?.lints?.additionalProperties as Schema;
  assert.deepEqual([...(lints.enum ?? [])].sort(), expected('[lints]\nempty-scope = "?"\n'));
  assert.deepEqual([...(root.properties?.['fail-on']?.enum ?? [])].sort(), expected('fail-on = "?"\n'));
  assert.deepEqual([...(root.properties?.doc?.properties?.format?.enum ?? [])].sort(), expected('[doc]\nformat = "?"\n'));
  const columns = root.properties?.columns?.additionalProperties as Schema;
  const message = refusal('[columns]\n"a" = "?"\n').replace(/\s+/g, ' ');
  for (const field of columns.anyOf?.[0]?.enum ?? []) {
    assert.match(message, new RegExp(`\\b${field}\\b`));
  }
  assert.equal(/one of (.*)/.exec(message)?.[1]?.split(', ').length, columns.anyOf?.[0]?.enum?.length);
});

test('keys of the table around are offered, but for those that are there', () => {
  assert.ok(labels('').includes('name') && labels('').includes('doc'));
  assert.ok(!labels('name = "shop"', '').includes('name'));
  assert.ok(!offers([''], ['name = "shop"']).some(({ label }) => label === 'name'));
  assert.deepEqual(labels('[doc]', 'f').filter((label) => label === 'format' || label === 'name'), ['format']);
  assert.deepEqual(labels('[policy.owned]', 'enabled = false', '').slice(0, 1), ['severity']);
  assert.ok(labels('[').includes('report'));
});

test('values are offered with and without their quotes', () => {
  assert.deepEqual(labels('fail-on = '), ['critical', 'high', 'medium', 'low', 'none']);
  assert.equal(offers(['fail-on = '], [])[0]?.insert, '"critical"');
  assert.equal(offers(['fail-on = "'], [])[0]?.insert, 'critical');
  assert.deepEqual(labels('[lints]', 'empty-scope = "'), ['allow', 'warn', 'error']);
  assert.ok(labels('[columns]', '"Total Cost" = "').includes('monthly_cost'));
  assert.deepEqual(labels('# name'), []);
});

test('keys and tables are described', () => {
  assert.match(description([], 'fail-on = "low"') ?? '', /Severity.*`critical`/s);
  assert.match(description(['[policy."a-b"]'], 'enabled = false') ?? '', /Default: `true`/);
  assert.match(description([], '[rates]') ?? '', /currency/);
  assert.equal(description([], 'unknown = 1'), undefined);
});
