// A chat-completions server of a small real model, for tests: `node model.mjs MODEL.gguf`. It writes its port to
// standard output as soon as the model is loaded, and ends with its standard input.
//
// It takes what the tests need: a system and a user message, a JSON schema as grammar, a limit of tokens, a stream. A
// context that is too long is a 400, as the services have it, and answers have at most MAX_TOKENS tokens. With RECORD=FILE it appends each answer as it
// was generated to a file, a JSON document a line.

import { appendFileSync } from 'node:fs';
import http from 'node:http';
import { getLlama, LlamaChatSession } from 'node-llama-cpp';

const [file] = process.argv.slice(2);
const CONTEXT = 4096;
const MAX_TOKENS = Number(process.env.MAX_TOKENS ?? 300);

const llama = await getLlama({ gpu: false, build: 'never', progressLogs: false, logLevel: 'error' });
const model = await llama.loadModel({ modelPath: file });
// One thread: several wait for each other where the machine has other work, and take twenty times as long.
const context = await model.createContext({ contextSize: CONTEXT, threads: 1 });

/** Answers a question, and hands the text on as it is generated. Returns why it ended. */
async function answer({ messages, max_tokens: maxTokens, response_format: format }, signal, onTextChunk) {
  const [system, user] = ['system', 'user'].map((role) => messages.find((one) => one.role === role)?.content ?? '');
  const schema = format?.json_schema?.schema;
  const grammar = schema && (await llama.createGrammarForJsonSchema(schema));
  const contextSequence = context.getSequence();
  try {
    const session = new LlamaChatSession({ contextSequence, systemPrompt: system });
    const { stopReason } = await session.promptWithMeta(user, {
      grammar, maxTokens: Math.min(maxTokens, MAX_TOKENS), temperature: 0, signal, onTextChunk,
      // As usual for servers of small models, which repeat themselves otherwise.
      repeatPenalty: { penalty: 1.05, lastTokens: 64 },
    });
    return stopReason === 'maxTokens' ? 'length' : 'stop';
  } finally {
    contextSequence.dispose();
  }
}

function isTooLong({ messages, max_tokens: maxTokens }) {
  const text = messages.map(({ content }) => content).join('\n');
  return model.tokenize(text).length + 64 + Math.min(maxTokens ?? 0, 64) > CONTEXT;
}

async function complete(request, response) {
  let body = '';
  for await (const part of request) body += part;
  const question = JSON.parse(body);
  if (isTooLong(question)) {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { code: 'context_length_exceeded', message: 'the context is too long' } }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (delta, reason) =>
    response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: reason ?? null }] })}\n\n`);
  const aborter = new AbortController();
  response.on('close', () => aborter.abort());
  const parts = [];
  const reason = await answer(question, aborter.signal, (content) => {
    parts.push(content);
    send({ content });
  });
  send({}, reason);
  response.end('data: [DONE]\n\n');
  if (process.env.RECORD) {
    const asked = question.messages.find(({ role }) => role === 'user').content.split('\nQuestion: ').pop().trim();
    appendFileSync(process.env.RECORD, `${JSON.stringify({ asked, parts, reason })}\n`);
  }
}

// The context has one sequence: questions wait for each other.
let last = Promise.resolve();
const server = http.createServer((request, response) => {
  last = last.then(() => complete(request, response)).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume().on('end', () => process.exit(0));
