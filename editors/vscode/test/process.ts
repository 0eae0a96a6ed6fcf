/** A real server, for the tests that ask one: `TAGPOL_BIN`, else what cargo built last. */

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { createMessageConnection, type MessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';

export const REPOSITORY = resolve('../..');

export function binary(): string {
  const target = process.env.CARGO_TARGET_DIR ?? join(REPOSITORY, 'target');
  const path = process.env.TAGPOL_BIN ?? join(target, 'debug', 'tagpol');
  if (!existsSync(path)) {
    throw new Error(`there is no server at ${path}: run cargo build, or set TAGPOL_BIN`);
  }
  return path;
}

interface Legend {
  tokenTypes: string[];
}

export interface Token {
  line: number;
  start: number;
  length: number;
  type: string;
}

export class Server {
  private readonly process: ChildProcess;
  readonly connection: MessageConnection;
  private legend: Legend = { tokenTypes: [] };
  private opened = 0;

  constructor(private readonly folder: string, private readonly options?: object) {
    const child = spawn(binary(), ['lsp'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, XDG_CACHE_HOME: mkdtempSync(join(tmpdir(), 'tagpol-')) },
    });
    this.process = child;
    this.connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
    this.connection.listen();
  }

  async start(): Promise<void> {
    const uri = pathToFileURL(this.folder).href;
    const answer: { capabilities: { semanticTokensProvider: { legend: Legend } } } = await this.connection.sendRequest('initialize', {
      processId: process.pid,
      initializationOptions: this.options,
      rootUri: uri,
      workspaceFolders: [{ uri, name: 'test' }],
      capabilities: { textDocument: { diagnostic: {}, completion: { completionItem: { snippetSupport: true } }, semanticTokens: { requests: { full: true }, tokenTypes: [], tokenModifiers: [], formats: [] } } },
    });
    this.legend = answer.capabilities.semanticTokensProvider.legend;
    await this.connection.sendNotification('initialized', {});
  }

  async stop(): Promise<void> {
    await this.connection.sendRequest('shutdown');
    await this.connection.sendNotification('exit');
    this.connection.dispose();
    this.process.kill();
  }

  /** The kinds of words that it distinguishes. */
  get tokenTypes(): readonly string[] {
    return this.legend.tokenTypes;
  }

  /** Opens a text under a name of its own. */
  async open(text: string): Promise<string> {
    this.opened += 1;
    const uri = pathToFileURL(join(this.folder, `text-${this.opened}.tagpol`)).href;
    await this.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId: 'tagpol', version: 1, text },
    });
    return uri;
  }

  async close(uri: string): Promise<void> {
    await this.connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
  }

  async diagnostics(uri: string): Promise<{ code: string; message: string }[]> {
    const answer: { items: { code: string; message: string }[] } = await this.connection.sendRequest('textDocument/diagnostic', {
      textDocument: { uri },
    });
    return answer.items;
  }

  /** What can be written at the beginning of a file. */
  async completions(uri: string): Promise<string[]> {
    const answer: { items: { label: string }[] } = await this.connection.sendRequest('textDocument/completion', {
      textDocument: { uri },
      position: { line: 0, character: 0 },
    });
    return answer.items.map((item) => item.label);
  }

  /** The words of a file, each with its place. */
  async tokens(uri: string): Promise<Token[]> {
    const answer: { data: number[] } = await this.connection.sendRequest('textDocument/semanticTokens/full', {
      textDocument: { uri },
    });
    const tokens: Token[] = [];
    let line = 0;
    let start = 0;
    for (let i = 0; i + 4 < answer.data.length; i += 5) {
      const [lines = 0, columns = 0, length = 0, type = 0] = answer.data.slice(i, i + 4);
      start = lines === 0 ? start + columns : columns;
      line += lines;
      tokens.push({ line, start, length, type: this.legend.tokenTypes[type] ?? '' });
    }
    return tokens;
  }
}
