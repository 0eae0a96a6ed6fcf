// Receivers for the tests of channels: a mail server, a syslog server, and one HTTP server with a folder for each
// service. Each judges what it gets as the vendor's documentation demands, where there is one with the vendor's own
// library, and answers as the service does. What was accepted is listed at `GET /received`; `POST /control` makes the
// next requests fail.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { Webhook } from 'standardwebhooks';

// Its modules for `import` lack the endings that Node demands.
const { AdaptiveCard, SerializationContext, Versions } = createRequire(import.meta.url)('adaptivecards/dist/adaptivecards.js');

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const BASIC = `Basic ${Buffer.from('tagpol@example.com:token').toString('base64')}`;

const received = [];
let failures = [];
const issues = new Map();
const incidents = new Map();

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function demand(condition, message, status = 400) {
  if (!condition) throw new Refusal(status, message);
}

const length = (text) => [...text].length;

// --- one judge for each service; returns [status, answer]

function signed(request, body) {
  try {
    new Webhook(SECRET).verify(body, request.headers);
  } catch (error) {
    throw new Refusal(401, `${error}`);
  }
  received.push({ to: 'webhook', id: request.headers['webhook-id'], body: JSON.parse(body) });
  return [200, {}];
}

function slack(_request, body) {
  const { text, blocks } = JSON.parse(body);
  demand(typeof text === 'string' && length(text) <= 40000, 'no_text');
  demand(!/[<>]/.test(text), 'text has markup');
  demand(Array.isArray(blocks) && blocks.length >= 1 && blocks.length <= 50, 'invalid_blocks');
  const texts = [];
  const walk = (element) => {
    switch (element.type) {
      case 'header':
        demand(element.text.type === 'plain_text' && length(element.text.text) <= 150, 'invalid_blocks: header');
        texts.push(element.text.text);
        break;
      case 'rich_text':
      case 'rich_text_section':
        demand(Array.isArray(element.elements) && element.elements.length > 0, 'invalid_blocks: empty');
        element.elements.forEach(walk);
        break;
      case 'rich_text_list':
        demand(['bullet', 'ordered'].includes(element.style), 'invalid_blocks: style');
        demand(element.elements.every((item) => item.type === 'rich_text_section'), 'invalid_blocks: list');
        element.elements.forEach(walk);
        break;
      case 'text':
        demand(typeof element.text === 'string' && element.text !== '', 'invalid_blocks: text');
        texts.push(element.text);
        break;
      case 'link':
        demand(URL.canParse(element.url), 'invalid_blocks: link');
        break;
      default:
        demand(false, `invalid_blocks: ${element.type}`);
    }
  };
  blocks.forEach(walk);
  received.push({ to: 'slack', texts });
  return [200, 'ok'];
}

function teams(_request, body) {
  demand(Buffer.byteLength(body) <= 28 * 1024, 'RequestEntityTooLarge', 413);
  const message = JSON.parse(body);
  demand(message.type === 'message' && message.attachments?.length === 1, 'not a message with one attachment');
  const [{ contentType, content }] = message.attachments;
  demand(contentType === 'application/vnd.microsoft.card.adaptive', 'not an adaptive card');
  const context = new SerializationContext(Versions.v1_4);
  const card = new AdaptiveCard();
  card.parse(content, context);
  const events = Array.from({ length: context.eventCount }, (_, index) => context.getEventAt(index).message);
  demand(events.length === 0, `the card is not valid: ${events.join('; ')}`);
  const problems = card.validateProperties().validationEvents.map((event) => event.message);
  demand(problems.length === 0, `the card is not valid: ${problems.join('; ')}`);
  const texts = content.body.flatMap((block) => block.inlines.map((run) => run.text));
  received.push({ to: 'teams', texts });
  return [202, {}];
}

function pagerduty(_request, body) {
  const event = JSON.parse(body);
  demand(/^[0-9a-z]{32}$/.test(event.routing_key), 'routing_key');
  demand(['trigger', 'acknowledge', 'resolve'].includes(event.event_action), 'event_action');
  demand(event.event_action === 'trigger' || event.dedup_key, 'dedup_key is required');
  demand(length(event.dedup_key ?? '') <= 255, 'dedup_key is too long');
  if (event.event_action === 'trigger') {
    const { summary, source, severity, timestamp } = event.payload;
    demand(summary && length(summary) <= 1024, 'summary');
    demand(source && length(source) <= 255, 'source');
    demand(['critical', 'error', 'warning', 'info'].includes(severity), 'severity');
    demand(!Number.isNaN(Date.parse(timestamp)), 'timestamp');
  }
  received.push({ to: 'pagerduty', action: event.event_action, key: event.dedup_key });
  return [202, { status: 'success', message: 'Event processed', dedup_key: event.dedup_key }];
}

function documentOf(node) {
  demand(node.type === 'doc' && node.version === 1, 'not a document');
  const walk = ({ type, content = [], text }) => {
    demand(['doc', 'paragraph', 'bulletList', 'listItem', 'text'].includes(type), `node ${type}`);
    demand(type !== 'text' || (typeof text === 'string' && text !== ''), 'an empty text');
    content.forEach(walk);
  };
  walk(node);
}

function jira(request, body, url) {
  demand(request.headers.authorization === BASIC, 'Client must be authenticated', 401);
  const [, issue, action] = /^\/jira\/rest\/api\/3\/issue(?:\/([^/]+)\/([^/]+))?$/.exec(url.pathname) ?? [];
  if (url.pathname === '/jira/rest/api/3/search/jql') {
    const [, label] = /^project = "OPS" AND labels = "([^"]+)" AND statusCategory != Done/.exec(
      url.searchParams.get('jql'),
    );
    const found = [...issues].filter(([, { labels, done }]) => labels.includes(label) && !done);
    return [200, { issues: found.map(([key]) => ({ key })) }];
  }
  if (request.method === 'POST' && issue === undefined) {
    const { fields } = JSON.parse(body);
    demand(fields.project.key === 'OPS', 'project');
    demand(fields.issuetype.name === 'Task', 'issuetype');
    demand(fields.summary && length(fields.summary) <= 255 && !/\n/.test(fields.summary), 'summary');
    demand(fields.labels.every((label) => !/\s/.test(label)), 'labels');
    documentOf(fields.description);
    const key = `OPS-${issues.size + 1}`;
    issues.set(key, { labels: fields.labels, done: false });
    received.push({ to: 'jira', action: 'create', key });
    return [201, { id: '1', key }];
  }
  demand(issues.has(issue), 'Issue does not exist', 404);
  if (action === 'comment') {
    documentOf(JSON.parse(body).body);
    received.push({ to: 'jira', action: 'comment', key: issue });
    return [201, {}];
  }
  if (request.method === 'GET') {
    const transition = (id, key) => ({ id, to: { statusCategory: { key } } });
    return [200, { transitions: [transition('11', 'indeterminate'), transition('31', 'done')] }];
  }
  demand(JSON.parse(body).transition.id === '31', 'transition');
  issues.get(issue).done = true;
  received.push({ to: 'jira', action: 'close', key: issue });
  return [204, undefined];
}

function servicenow(request, body, url) {
  demand(request.headers.authorization === BASIC, 'User Not Authenticated', 401);
  const [, id] = /^\/snow\/api\/now\/table\/incident(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
  if (request.method === 'GET') {
    const [, correlation] = /^correlation_id=([^^]+)/.exec(url.searchParams.get('sysparm_query'));
    const found = [...incidents].filter(([, entry]) => entry.correlation_id === correlation && entry.state !== '6');
    return [200, { result: found.map(([sys_id]) => ({ sys_id })) }];
  }
  const fields = JSON.parse(body);
  if (request.method === 'POST') {
    demand(length(fields.short_description) <= 160, 'short_description');
    demand(['1', '2', '3'].includes(fields.urgency) && ['1', '2', '3'].includes(fields.impact), 'urgency');
    demand(length(fields.correlation_id) <= 100, 'correlation_id');
    const sys_id = `${incidents.size + 1}`.padStart(32, '0');
    incidents.set(sys_id, fields);
    received.push({ to: 'servicenow', action: 'create', id: sys_id });
    return [201, { result: { sys_id } }];
  }
  demand(incidents.has(id), 'No Record found', 404);
  demand(fields.state !== '6' || (fields.close_code && fields.close_notes), 'close_code');
  Object.assign(incidents.get(id), fields);
  received.push({ to: 'servicenow', action: fields.state === '6' ? 'resolve' : 'note', id });
  return [200, { result: { sys_id: id } }];
}

const JUDGES = { webhook: signed, slack, teams, pagerduty, jira, snow: servicenow };

const web = http.createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  const url = new URL(request.url, 'http://localhost');
  const answer = (status, value, headers = {}) => {
    const content = Buffer.from(typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value));
    response.writeHead(status, status === 204 ? headers : { ...headers, 'content-length': content.length });
    response.end(status === 204 ? undefined : content);
  };
  if (url.pathname === '/received') return answer(200, received);
  if (url.pathname === '/control') {
    failures = JSON.parse(body);
    return answer(204);
  }
  if (url.pathname === '/redirect') return answer(307, '', { location: '/webhook' });
  const failure = failures.shift();
  if (failure) return answer(failure.status, failure.body ?? 'not now', failure.headers);
  try {
    const judge = JUDGES[url.pathname.split('/')[1]];
    demand(judge !== undefined, 'no such service', 404);
    demand(request.method === 'GET' || request.headers['content-type'] === 'application/json', 'content-type');
    return answer(...judge(request, body, url));
  } catch (error) {
    return answer(error.status ?? 400, `${error.message}`);
  }
});

// --- mail and syslog

function certificates() {
  const folder = mkdtempSync(join(tmpdir(), 'tagpol-mail-'));
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  writeFileSync(join(folder, 'leaf.ext'), 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n');
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=tagpol test authority',
    '-keyout', 'ca.key', '-out', 'ca.pem');
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-keyout', 'leaf.key', '-out', 'leaf.csr');
  openssl('x509', '-req', '-in', 'leaf.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2',
    '-extfile', 'leaf.ext', '-out', 'leaf.pem');
  const read = (name) => readFileSync(join(folder, name), 'utf8');
  const made = { authority: read('ca.pem'), cert: read('leaf.pem'), key: read('leaf.key') };
  rmSync(folder, { recursive: true });
  return made;
}

const { authority, cert, key } = certificates();

function refusal(code, message) {
  return Object.assign(new Error(message), { responseCode: code });
}

const mail = new SMTPServer({
  key,
  cert,
  allowInsecureAuth: false,
  onAuth({ username, password }, _session, done) {
    if (username === 'tagpol' && password === 'right') return done(null, { user: username });
    return done(refusal(535, 'Authentication failed'));
  },
  onRcptTo({ address }, _session, done) {
    if (address.startsWith('gone')) return done(refusal(550, 'No such user'));
    if (address.startsWith('later')) return done(refusal(451, 'Greylisted, come back'));
    return done();
  },
  onData(stream, session, done) {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => {
      const to = session.envelope.rcptTo.map(({ address }) => address);
      received.push({ to: 'mail', recipients: to, secure: session.secure, text: Buffer.concat(chunks).toString() });
      done();
    });
  },
});
mail.on('error', () => {});

// Messages with their length before each, as RFC 6587 says.
const syslog = net.createServer((socket) => {
  const chunks = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('end', () => {
    let rest = Buffer.concat(chunks);
    while (rest.length > 0) {
      const space = rest.indexOf(' ');
      const end = space + 1 + Number(rest.subarray(0, space));
      received.push({ to: 'syslog', message: rest.subarray(space + 1, end).toString() });
      rest = rest.subarray(end);
    }
  });
});

const listening = (server) =>
  new Promise((resolve) => {
    const listener = server.listen(0, '127.0.0.1', () => resolve((listener.address?.() ?? server.server.address()).port));
  });
const ports = { http: await listening(web), mail: await listening(mail), syslog: await listening(syslog) };
console.log(JSON.stringify({ ...ports, authority, secret: SECRET }));
// Ends with the test that started it.
process.stdin.on('end', () => process.exit(0)).resume();
