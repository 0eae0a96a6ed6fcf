/** The language client, and questions to its server. */

import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from 'vscode-languageclient/node';

import { isCancelled, reason } from './errors';
import type { Method, Requests, Status } from './protocol';
import { installedServer, isFile } from './server';
import { initializationOptions } from './trust';

/** The server, from when it is started until it is stopped. */
export class Session implements vscode.Disposable {
  private client: LanguageClient | undefined;
  /** The folders of the projects that the server has told of, as URIs. */
  readonly projects = new Set<string>();
  private readonly statusChanged = new vscode.EventEmitter<Status>();
  private readonly started = new vscode.EventEmitter<void>();

  readonly output = vscode.window.createOutputChannel('tagpol', { log: true });
  /** The server tells of the snapshot in use. */
  readonly onStatus = this.statusChanged.event;
  /** A server has started and answers. */
  readonly onStart = this.started.event;

  /** In: the folder of the extension. */
  constructor(private readonly extension: string) {}

  /** Returns the program, where it should be. Undefined: nowhere. */
  private get place(): string | undefined {
    return installedServer(vscode.workspace.getConfiguration('tagpol').get('server.path', ''), this.extension);
  }

  /** Returns the program; undefined if there is none. */
  get installed(): string | undefined {
    const { place } = this;
    return place !== undefined && isFile(place) ? place : undefined;
  }

  /** Returns the program; undefined, after a message to the user, if there is none. */
  program(): string | undefined {
    const { installed } = this;
    if (installed === undefined) {
      // Nobody waits for what the user answers.
      void tellOfMissing(this.place);
    }
    return installed;
  }

  async start(): Promise<void> {
    const server = this.program();
    if (server === undefined) {
      return;
    }
    const client = new LanguageClient('tagpol', 'tagpol', serverOptions(server), this.clientOptions());
    this.projects.clear();
    client.onNotification('tagpol/status', (status: Status) => {
      if (status.project !== null) {
        this.projects.add(status.project);
      }
      this.statusChanged.fire(status);
    });
    this.client = client;
    try {
      await client.start();
    } catch {
      // The client has told it.
      return;
    }
    this.started.fire();
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.dispose();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Asks the server. What it cannot do is reported to the user, and undefined is returned. */
  async ask<M extends Method>(
    method: M,
    params: Requests[M][0],
    token?: vscode.CancellationToken,
  ): Promise<Requests[M][1] | undefined> {
    try {
      return await this.askQuietly(method, params, token);
    } catch (error) {
      if (!isCancelled(error)) {
        void vscode.window.showErrorMessage(reason(method, error));
      }
      return undefined;
    }
  }

  /** Asks the server, and throws where it cannot answer. Undefined where no server runs. */
  async askQuietly<M extends Method>(
    method: M,
    params: Requests[M][0],
    token?: vscode.CancellationToken,
  ): Promise<Requests[M][1] | undefined> {
    // A token that is undefined would be sent as a second parameter.
    const rest = token === undefined ? [] : [token];
    return this.client?.sendRequest<Requests[M][1]>(method, params, ...rest);
  }

  get isRunning(): boolean {
    return this.client?.isRunning() ?? false;
  }

  dispose(): void {
    void this.stop();
    this.statusChanged.dispose();
    this.started.dispose();
    this.output.dispose();
  }

  private clientOptions(): LanguageClientOptions {
    return {
      documentSelector: [{ language: 'tagpol', scheme: 'file' }, { language: 'tagpol', scheme: 'untitled' }],
      outputChannel: this.output,
      initializationOptions: initializationOptions(
        vscode.workspace.getConfiguration().get<object>('tagpol'),
        vscode.workspace.isTrusted,
      ),
      // The server does not register for settings.
      synchronize: { configurationSection: 'tagpol' },
    };
  }
}

function serverOptions(command: string): ServerOptions {
  // Not in the folder that is open: a system may look for libraries where a program is started.
  return { command, args: ['lsp'], options: { cwd: dirname(command) } };
}

async function tellOfMissing(named: string | undefined): Promise<void> {
  const settings = 'Open Settings';
  const what = named === undefined ? 'tagpol is not on the PATH' : `There is no file ${named}`;
  const answer = await vscode.window.showErrorMessage(
    `${what}: install it, or set its path in tagpol.server.path.`,
    settings,
  );
  if (answer === settings) {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'tagpol.server.path');
  }
}
