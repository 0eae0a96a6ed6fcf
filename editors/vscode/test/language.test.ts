/** language-configuration.json: words, indentation, what Enter does. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Configuration {
  wordPattern: string;
  indentationRules: { increaseIndentPattern: string; decreaseIndentPattern: string };
  onEnterRules: { beforeText: string; afterText?: string }[];
}

const configuration = JSON.parse(readFileSync('language-configuration.json', 'utf8')) as Configuration;

test('a name with hyphens is one word', () => {
  const words = 'require cost-center->x in [a-1] and 90% - 2'.match(new RegExp(configuration.wordPattern, 'g'));
  assert.deepEqual(words, ['require', 'cost-center', 'x', 'in', 'a-1', 'and', '90%', '2']);
});

test('a line is indented behind an open bracket, and not behind one in a text or a comment', () => {
  const increase = new RegExp(configuration.indentationRules.increaseIndentPattern);
  for (const line of ['policy p {', '  require a in [', 'rule r { // why', 'map "}" -> x {']) {
    assert.match(line, increase);
  }
  for (const line of ['policy p { }', '// {', '  // a [', 'fill a = "{', 'keys "a"']) {
    assert.doesNotMatch(line, increase);
  }
});

test('a closing bracket goes back', () => {
  const decrease = new RegExp(configuration.indentationRules.decreaseIndentPattern);
  assert.match('  }', decrease);
  assert.doesNotMatch('  given { }', decrease);
});

test('documentation goes on in the next line, and a block opens', () => {
  const [documentation, block] = configuration.onEnterRules;
  assert.match('  /// Who pays.', new RegExp(documentation?.beforeText ?? ''));
  assert.doesNotMatch('// Who pays.', new RegExp(documentation?.beforeText ?? ''));
  assert.match('policy p {', new RegExp(block?.beforeText ?? ''));
  assert.match('}', new RegExp(block?.afterText ?? ''));
});
