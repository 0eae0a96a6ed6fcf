/**
 * The packaged extension in Visual Studio Code itself: its server (of code-server), a browser, and tests in the extension host.
 *
 *     npm run test:host [dist/tagpol-linux-x64.vsix]
 *
 * Without a package it makes dist/tagpol.vsix, which uses TAGPOL_BIN, else the program that cargo built last. Needs Chromium and
 * ripgrep; exit code 77: they are missing, or the editor could not be installed. Its files are kept below ~/.cache/tagpol.
 */

import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const REPOSITORY = resolve(HERE, '../../../..');
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tagpol', 'vscode-host');
const EDITOR = join(CACHE, 'node_modules', 'code-server', 'lib', 'vscode');
const LIMIT = 240_000; // milliseconds
const WRONG = 'tag extra: nmber\n\npolicy extra-is-set {\n  severity low\n  for resource\n  \n  require extra\n}\n';

function skip(reason) {
  console.error(`host: ${reason}: the tests in Visual Studio Code are SKIPPED`);
  process.exit(77);
}

/** Installs the editor without scripts: what they compile (terminals, a log, a watcher) it starts without. In: ripgrep. */
function install(searcher) {
  const wanted = readFileSync(join(HERE, 'package-lock.json'), 'utf8');
  const done = join(CACHE, 'installed.json');
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) {
    return;
  }
  rmSync(CACHE, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
    cpSync(join(HERE, name), join(CACHE, name));
  }
  const options = ['--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--silent'];
  try {
    execFileSync('npm', ['ci', ...options], { cwd: CACHE, stdio: 'inherit' });
    execFileSync('npm', ['install', ...options], { cwd: EDITOR, stdio: 'inherit' });
  } catch {
    rmSync(CACHE, { recursive: true, force: true });
    skip('the editor could not be installed');
  }
  // The script of its package would download it.
  const folder = join(EDITOR, 'node_modules', '@vscode', 'ripgrep', 'bin');
  mkdirSync(folder, { recursive: true });
  symlinkSync(searcher, join(folder, 'rg'));
  writeFileSync(done, wanted);
}

/** The first of some programs that is installed. */
function installed(...names) {
  const paths = (process.env.PATH ?? '').split(':');
  return names.flatMap((name) => paths.map((path) => join(path, name))).find((path) => existsSync(path));
}

function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}

/** A copy of the quickstart with a file that has a mistake, and settings of the machine that name the program. */
function prepare(folder, isWhole) {
  const project = join(folder, 'project');
  cpSync(join(REPOSITORY, 'examples', 'quickstart'), project, { recursive: true });
  const manifest = readFileSync(join(project, 'tagpol.toml'), 'utf8');
  const policies = /^policies\s*=\s*"(.*)"/m.exec(manifest)?.[1] ?? '.';
  writeFileSync(join(project, policies, 'wrong.tagpol'), WRONG);
  const settings = { 'telemetry.telemetryLevel': 'off' };
  if (!isWhole) {
    const target = process.env.CARGO_TARGET_DIR ?? join(REPOSITORY, 'target');
    settings['tagpol.server.path'] = resolve(process.env.TAGPOL_BIN ?? join(target, 'debug', 'tagpol'));
  }
  const machine = join(folder, 'data', 'data', 'Machine');
  mkdirSync(machine, { recursive: true });
  writeFileSync(join(machine, 'settings.json'), JSON.stringify(settings));
  cpSync(join(HERE, 'extension'), join(folder, 'tests'), { recursive: true });
  return project;
}

/** Runs the tests of the folder in a window of the editor; returns their results. */
async function inWindow(chromium, executablePath, folder, project, port) {
  const window = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await window.newPage();
    const remote = (path) => `vscode-remote://127.0.0.1:${port}${path}`;
    const payload = [
      ['extensionDevelopmentPath', remote(join(folder, 'tests'))],
      ['extensionTestsPath', remote(join(folder, 'tests', 'tests.cjs'))],
      ['skipWelcome', 'true'],
    ];
    const query = new URLSearchParams({ folder: project, payload: JSON.stringify(payload) });
    await page.goto(`http://127.0.0.1:${port}/?${query}`);
    const results = join(folder, 'tests', 'results.json');
    for (const start = Date.now(); !existsSync(results); await new Promise((resolve) => setTimeout(resolve, 200))) {
      if (Date.now() - start > LIMIT) {
        throw new Error(`the tests did not end within ${LIMIT / 1000} s`);
      }
    }
    return JSON.parse(readFileSync(results, 'utf8'));
  } finally {
    await window.close();
  }
}

/** Prints what passed and what failed; returns an exit code. */
function report(results) {
  const failed = results.filter(({ problem }) => problem !== null);
  for (const { name, problem } of results) {
    console.log(problem === null ? `ok ${name}` : `FAILED ${name}: ${problem}`);
  }
  console.log(`${results.length - failed.length} passed, ${failed.length} failed`);
  return failed.length === 0 ? 0 : 1;
}

async function main() {
  const executablePath = installed('chromium', 'google-chrome', 'chromium-browser');
  const searcher = installed('rg');
  if (executablePath === undefined || searcher === undefined) {
    skip('Chromium or ripgrep is missing');
  }
  install(searcher);
  const { chromium } = await import(pathToFileURL(join(CACHE, 'node_modules', 'playwright-core', 'index.mjs')).href);
  const given = process.argv[2];
  if (given === undefined) {
    execFileSync('npm', ['run', '--silent', 'package'], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  const folder = mkdtempSync(join(tmpdir(), 'tagpol-host-'));
  let server;
  try {
    const project = prepare(folder, given !== undefined);
    const port = await freePort();
    const options = ['--server-data-dir', join(folder, 'data'), '--accept-server-license-terms', '--telemetry-level', 'off'];
    const program = join(EDITOR, 'out', 'server-main.js');
    const extension = resolve(given ?? 'dist/tagpol.vsix');
    execFileSync(process.execPath, [program, ...options, '--install-extension', extension], { stdio: 'pipe' });
    const listen = ['--host', '127.0.0.1', '--port', String(port), '--without-connection-token', '--disable-workspace-trust'];
    server = spawn(process.execPath, [program, ...options, ...listen], { stdio: ['ignore', 'pipe', 'pipe'] });
    await new Promise((resolve, reject) => {
      server.stdout.on('data', (text) => String(text).includes('available at') && resolve());
      server.on('exit', (code) => reject(new Error(`the editor ended with ${code} before it was ready`)));
    });
    process.exitCode = report(await inWindow(chromium, executablePath, folder, project, port));
  } finally {
    server?.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
