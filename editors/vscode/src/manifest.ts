/** Completion and hovers of `tagpol.toml`. */

import * as vscode from 'vscode';

import { description, offers } from './manifestSchema';

const KINDS = {
  table: vscode.CompletionItemKind.Module,
  key: vscode.CompletionItemKind.Property,
  value: vscode.CompletionItemKind.EnumMember,
};

/** Registers both for `tagpol.toml` in any folder, of whatever language the editor takes it to be. */
export function manifestLanguage(): vscode.Disposable {
  const selector = { scheme: 'file', pattern: '**/tagpol.toml' };
  return vscode.Disposable.from(
    vscode.languages.registerCompletionItemProvider(
      selector,
      {
        provideCompletionItems: (document, position) => {
          const lines = document.getText().split(/\r?\n/);
          const line = lines[position.line]?.slice(0, position.character) ?? '';
          return offers([...lines.slice(0, position.line), line], lines.slice(position.line + 1)).map((offer) => {
            const item = new vscode.CompletionItem(offer.label, KINDS[offer.kind]);
            item.insertText = new vscode.SnippetString(offer.insert);
            item.documentation = offer.detail;
            return item;
          });
        },
      },
      '[',
      '"',
    ),
    vscode.languages.registerHoverProvider(selector, {
      provideHover: (document, position) => {
        const lines = document.getText().split(/\r?\n/);
        const text = description(lines.slice(0, position.line), lines[position.line] ?? '');
        return text === undefined ? undefined : new vscode.Hover(new vscode.MarkdownString(text));
      },
    }),
  );
}
