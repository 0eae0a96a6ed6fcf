/** As much of Visual Studio Code as the tests of what uses it need. */

export class EventEmitter<T> {
  private readonly listeners = new Set<(value: T) => void>();
  readonly event = (listener: (value: T) => void): Disposable => {
    this.listeners.add(listener);
    return new Disposable(() => this.listeners.delete(listener));
  };
  fire(value: T): void {
    this.listeners.forEach((listener) => {
      listener(value);
    });
  }
  dispose(): void {
    this.listeners.clear();
  }
}

export class Disposable {
  constructor(readonly dispose: () => unknown) {}
  static from(...all: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      all.forEach((one) => one.dispose());
    });
  }
}

export class Uri {
  private constructor(private readonly text: string) {}
  static parse(text: string): Uri {
    return new Uri(text.replace('%3A', ':'));
  }
  get scheme(): string {
    return this.text.slice(0, this.text.indexOf(':'));
  }
  toString(): string {
    return this.text;
  }
}

export class Range {
  constructor(readonly startLine: number, readonly startCharacter: number, readonly endLine: number, readonly endCharacter: number) {}
  contains(position: { line: number }): boolean {
    return this.startLine <= position.line && position.line <= this.endLine;
  }
}

export class Location {
  constructor(readonly uri: Uri, readonly range: Range) {}
}

export class TestMessage {
  location?: Location;
  constructor(readonly message: string) {}
}

export class TestRunRequest {
  constructor(readonly include?: TestItem[], readonly exclude?: TestItem[], readonly profile?: unknown) {}
}

export class TestItem {
  parent?: TestItem;
  range?: Range;
  readonly children: Items;
  constructor(readonly id: string, readonly label: string, readonly uri?: Uri) {
    this.children = new Items(this);
  }
}

class Items {
  private items = new Map<string, TestItem>();
  constructor(private readonly parent?: TestItem) {}
  replace(items: TestItem[]): void {
    this.items = new Map();
    items.forEach((item) => {
      this.add(item);
    });
  }
  add(item: TestItem): void {
    item.parent = this.parent;
    this.items.set(item.id, item);
  }
  get(id: string): TestItem | undefined {
    return this.items.get(id);
  }
  delete(id: string): void {
    this.items.delete(id);
  }
  forEach(visit: (item: TestItem) => void): void {
    this.items.forEach(visit);
  }
}

/** What a run has reported: `passed a`. */
export const reported: string[] = [];

class TestRun {
  enqueued(): void {
    /* Nothing waits for it. */
  }
  started(): void {
    /* Nothing waits for it. */
  }
  passed(item: TestItem): void {
    reported.push(`passed ${item.id}`);
  }
  failed(item: TestItem, messages: TestMessage[]): void {
    const told = messages.map(({ message, location }) => `${message} at line ${location?.range.startLine ?? '?'}`);
    reported.push(`failed ${item.id}: ${told.join('; ')}`);
  }
  errored(item: TestItem, message: TestMessage): void {
    reported.push(`errored ${item.id}: ${message.message}`);
  }
  skipped(item: TestItem): void {
    reported.push(`skipped ${item.id}`);
  }
  appendOutput(): void {
    /* Nobody reads it. */
  }
  end(): void {
    reported.push('end');
  }
}

type RunHandler = (request: TestRunRequest, token?: unknown) => Promise<void>;

export class TestController {
  readonly items = new Items();
  runHandler: RunHandler | undefined;
  refreshHandler: (() => Promise<void>) | undefined;
  createRunProfile(_name: string, _kind: number, run: RunHandler): Disposable {
    this.runHandler = run;
    return new Disposable(() => undefined);
  }
  createTestItem(id: string, label: string, uri?: Uri): TestItem {
    return new TestItem(id, label, uri);
  }
  createTestRun(): TestRun {
    return new TestRun();
  }
  dispose(): void {
    this.items.replace([]);
  }
}

export const controllers: TestController[] = [];
export const commandsByName = new Map<string, (...args: unknown[]) => unknown>();
export const messages: string[] = [];
export const manifests: string[] = [];
export const deleted = new EventEmitter<Uri>();
export const edited = new EventEmitter<{ document: { languageId: string; uri: Uri }; contentChanges: unknown[] }>();

export const TestRunProfileKind = { Run: 1 };

export const tests = {
  createTestController(): TestController {
    const controller = new TestController();
    controllers.push(controller);
    return controller;
  },
};

export const commands = {
  registerCommand(name: string, run: (...args: unknown[]) => unknown): Disposable {
    commandsByName.set(name, run);
    return new Disposable(() => commandsByName.delete(name));
  },
};

export const window = {
  activeTextEditor: undefined as unknown,
  setStatusBarMessage(message: string): void {
    messages.push(message);
  },
  showInformationMessage(message: string): Promise<undefined> {
    messages.push(message);
    return Promise.resolve(undefined);
  },
};

const silent = new EventEmitter<Uri>();

export const workspace = {
  workspaceFolders: undefined,
  onDidChangeTextDocument: edited.event,
  asRelativePath: (uri: Uri): string => uri.toString().replace('file:///w/', ''),
  createFileSystemWatcher: () => ({
    onDidCreate: silent.event,
    onDidChange: silent.event,
    onDidDelete: deleted.event,
    dispose: () => undefined,
  }),
  findFiles: () => Promise.resolve(manifests.map((manifest) => Uri.parse(manifest))),
};
