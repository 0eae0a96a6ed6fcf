/** The snapshot in use, in the status bar. */

import * as vscode from 'vscode';

import { longest } from './projects';
import type { Status } from './protocol';
import type { Session } from './session';
import { statusBar, statusDetails } from './words';

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('tagpol.snapshot', vscode.StatusBarAlignment.Left, 10);
  /** By the folder of the project; that of no project has none. */
  private readonly known = new Map<string, Status>();
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly session: Session) {
    this.item.name = 'tagpol snapshot';
    this.item.command = 'tagpol.chooseSnapshot';
    this.subscriptions = [
      session.onStatus((status) => {
        this.known.set(status.project ?? '', status);
        this.show();
      }),
      session.onStart(() => {
        this.show();
      }),
      vscode.window.onDidChangeActiveTextEditor(() => {
        this.show();
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(this.item, ...this.subscriptions).dispose();
  }

  private show(): void {
    const document = vscode.window.activeTextEditor?.document;
    if (document?.languageId !== 'tagpol' || !this.session.isRunning) {
      this.item.hide();
      return;
    }
    const status = this.of(document.uri);
    this.item.text = statusBar(status);
    this.item.tooltip = new vscode.MarkdownString(statusDetails(status));
    const failed = status?.state === 'failed';
    this.item.backgroundColor = failed ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    this.item.show();
  }

  private of(uri: vscode.Uri): Status | undefined {
    const folders = [...this.known.keys()];
    const folder = longest(uri.toString(), folders) ?? folders[0];
    return folder === undefined ? undefined : this.known.get(folder);
  }
}
