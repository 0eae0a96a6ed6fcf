/**
 * What runs inside of Visual Studio Code's extension host: the installed extension on a copy of the quickstart. Tasks are not
 * listed, since the editor does not list any without its terminal, which would have to be compiled.
 */

const assert = require('node:assert/strict');
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const vscode = require('vscode');

const SECONDS = 60;

/** Waits until something is there, and returns it. */
async function eventually(what, find) {
  const end = Date.now() + SECONDS * 1000;
  while (Date.now() < end) {
    const found = await find();
    if (found) {
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what}: not within ${SECONDS} s`);
}

async function open(name) {
  const [folder] = vscode.workspace.workspaceFolders;
  const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(folder.uri, name));
  await vscode.window.showTextDocument(document);
  return document;
}

async function offered(document, position) {
  const list = await vscode.commands.executeCommand('vscode.executeCompletionItemProvider', document.uri, position);
  return list.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
}

const tests = {
  async 'the extension starts with the first policy'() {
    const document = await open('policies/wrong.tagpol');
    assert.equal(document.languageId, 'tagpol');
    const extension = vscode.extensions.getExtension('tagpol.tagpol');
    await eventually('the extension is active', () => extension.isActive);
  },

  async 'errors have a place, a code and a fix'() {
    const document = await open('policies/wrong.tagpol');
    const [problem] = await eventually('a diagnostic', () => {
      const found = vscode.languages.getDiagnostics(document.uri);
      return found.length > 0 && found;
    });
    assert.equal(problem.code.value ?? problem.code, 'E0021');
    assert.equal(document.getText(problem.range), 'nmber');
    const actions = await vscode.commands.executeCommand('vscode.executeCodeActionProvider', document.uri, problem.range);
    const fix = actions.find(({ edit }) => edit !== undefined);
    assert.ok(await vscode.workspace.applyEdit(fix.edit));
    await eventually('no diagnostic', () => vscode.languages.getDiagnostics(document.uri).length === 0);
    assert.match(document.getText(), /: number/);
  },

  async 'statements of a policy are offered'() {
    const document = await open('policies/wrong.tagpol');
    const line = document.getText().split('\n').indexOf('  ');
    assert.ok((await offered(document, new vscode.Position(line, 2))).includes('require'));
  },

  async 'keys of the manifest are offered'() {
    const document = await open('tagpol.toml');
    assert.ok((await offered(document, new vscode.Position(0, 0))).includes('fail-on'));
  },

  async 'findings are shown at the checks that have them'() {
    // It ends when somebody answers its message.
    void vscode.commands.executeCommand('tagpol.evaluateWorkspace');
    await eventually('findings', () => {
      const [policies] = vscode.languages.getDiagnostics().filter(([uri]) => uri.path.endsWith('/compliance.tagpol'));
      return policies?.[1].some(({ message }) => /resource/.test(message));
    });
  },
};

exports.run = async () => {
  const results = [];
  for (const [name, run] of Object.entries(tests)) {
    const problem = await run().then(() => null, ({ stack }) => stack);
    results.push({ name, problem });
  }
  writeFileSync(join(__dirname, 'results.json'), JSON.stringify(results));
};
