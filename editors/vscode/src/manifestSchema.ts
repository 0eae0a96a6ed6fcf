/** What can be written in `tagpol.toml`, and what it means, from the schema of the manifest. */

import schema from '../../../docs/schema/manifest.v1.json';

/** As much of JSON Schema as the manifest uses. */
export interface Schema {
  type?: string;
  description?: string;
  default?: string | boolean;
  enum?: readonly string[];
  anyOf?: readonly Schema[];
  properties?: Readonly<Record<string, Schema>>;
  additionalProperties?: Schema | boolean;
}

export interface Offer {
  label: string;
  /** A snippet. */
  insert: string;
  detail: string;
  kind: 'table' | 'key' | 'value';
}

const MANIFEST = schema as Schema;
const HEADER = /^\s*\[([^\]]*)\]/;
const KEY = /^\s*("[^"]*"|[\w-]+)\s*=/;

/** Returns what can be written at the end of `before`, the lines up to the place; `after` are those that follow. */
export function offers(before: readonly string[], after: readonly string[]): Offer[] {
  const line = before.at(-1) ?? '';
  const above = before.slice(0, -1);
  if (/^\s*\[[\w.-]*$/.test(line)) {
    return tables(MANIFEST, line.includes('.') ? line.slice(line.indexOf('[') + 1, line.lastIndexOf('.')) : '');
  }
  const at = place(above);
  const value = /^\s*("[^"]*"|[\w-]+)\s*=\s*"?[^"]*$/.exec(line);
  if (value?.[1] !== undefined) {
    const choices = values(below(schemaOf(at), unquoted(value[1])));
    const isQuoted = /=\s*"/.test(line);
    return choices.map((text) => ({ label: text, insert: isQuoted ? text : `"${text}"`, detail: '', kind: 'value' }));
  }
  if (!/^\s*[\w-]*$/.test(line)) {
    return [];
  }
  const written = new Set([...keysOf(above.slice(start(above))), ...keysOf(after.slice(0, end(after)))]);
  const keys = Object.entries(schemaOf(at)?.properties ?? {})
    .filter(([name, child]) => !written.has(name) && !isTable(child))
    .map(([name, child]): Offer => ({ label: name, insert: assignment(name, child), detail: child.description ?? '', kind: 'key' }));
  // Whatever follows a header belongs to its table, so that headers can be written everywhere.
  return [...keys, ...tables(MANIFEST, '').map((table) => ({ ...table, insert: `[${table.insert}]\n` }))];
}

/** Returns a description of the key or the table on a line, in Markdown. */
export function description(above: readonly string[], line: string): string | undefined {
  const header = HEADER.exec(line)?.[1];
  const key = KEY.exec(line)?.[1];
  const found = header === undefined ? below(schemaOf(place(above)), unquoted(key ?? '')) : schemaOf(path(header));
  if (found?.description === undefined) {
    return undefined;
  }
  const choices = values(found).map((text) => `\`${text}\``);
  const lines = [found.description];
  if (choices.length > 0) {
    lines.push(`One of ${choices.join(', ')}`);
  }
  if (found.default !== undefined) {
    lines.push(`Default: \`${String(found.default)}\``);
  }
  return lines.join('\n\n');
}

/** The table that lines end in, as the names of its header. */
function place(lines: readonly string[]): string[] {
  return path(HEADER.exec(lines[start(lines) - 1] ?? '')?.[1] ?? '');
}

/** The number of the first line of the last table. */
function start(lines: readonly string[]): number {
  return lines.findLastIndex((line) => HEADER.test(line)) + 1;
}

/** The number of lines before the next header. */
function end(lines: readonly string[]): number {
  const next = lines.findIndex((line) => HEADER.test(line));
  return next < 0 ? lines.length : next;
}

function path(header: string): string[] {
  return (header.match(/"[^"]*"|[\w-]+/g) ?? []).map(unquoted);
}

function unquoted(name: string): string {
  return name.replace(/^"(.*)"$/, '$1');
}

function keysOf(lines: readonly string[]): string[] {
  return lines.flatMap((line) => unquoted(KEY.exec(line)?.[1] ?? '') || []);
}

function schemaOf(names: readonly string[]): Schema | undefined {
  return names.reduce<Schema | undefined>(below, MANIFEST);
}

function below(found: Schema | undefined, name: string): Schema | undefined {
  const others = typeof found?.additionalProperties === 'object' ? found.additionalProperties : undefined;
  return found?.properties?.[name] ?? others;
}

function isTable(found: Schema): boolean {
  return found.type === 'object';
}

function values(found: Schema | undefined): readonly string[] {
  if (found?.type === 'boolean') {
    return [];
  }
  return [...(found?.enum ?? []), ...(found?.anyOf ?? []).flatMap((choice) => choice.enum ?? [])];
}

/** The tables below one, by the names of their headers. */
function tables(root: Schema, parent: string): Offer[] {
  const found = path(parent).reduce<Schema | undefined>(below, root);
  return Object.entries(found?.properties ?? {})
    .filter(([, child]) => isTable(child))
    .map(([name, child]) => ({ label: name, insert: name, detail: child.description ?? '', kind: 'table' }));
}

function assignment(name: string, found: Schema): string {
  const choices = values(found);
  if (choices.length > 0) {
    return `${name} = "\${1|${choices.join(',')}|}"`;
  }
  switch (found.type) {
    case 'array':
      return `${name} = ["$1"]`;
    case 'boolean':
      return `${name} = \${1|false,true|}`;
    default:
      return `${name} = "$1"`;
  }
}
