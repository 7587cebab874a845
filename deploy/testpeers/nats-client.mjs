// A NATS client in JavaScript that does what its standard input says, one line of JSON each, and answers on standard output:
//
//   node nats-client.mjs URL...        by TCP, or by WebSocket if the first URL is ws://
//
//   {"do":"listen","subject":S}        {} once the subscription stands; then {"heard":M} for each message
//   {"do":"request","subject":S,"body":B}                {"message":M}
//   {"do":"fetch","consumer":C,"count":N,"wait":MS}      {"messages":[M...]}, each of them acknowledged
//   {"do":"iterate" or "consume","consumer":C,"count":N} the same, in other ways
//   {"do":"follow","consumer":C}       {}; then {"followed":M} for each message, which is then acknowledged
//
// M is {subject, header, data, sequence}, data in base64. A refusal is {"error":TEXT}. The token is read from the file that NATS_TOKEN_FILE
// names, at every connect; the authority of a server with TLS from
// the file that NATS_CA names. It ends when its standard input does.

import './oldnode.mjs';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tokenAuthenticator, wsconnect } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import { jetstream } from '@nats-io/jetstream';
import { WebSocket } from 'ws';

globalThis.WebSocket ??= WebSocket; // Node.js has it from 22 on

const servers = process.argv.slice(2);
const nc = await (servers[0].startsWith('ws') ? wsconnect : connect)({
  servers,
  authenticator: tokenAuthenticator(() => readFileSync(process.env.NATS_TOKEN_FILE, 'utf8').trim()),
  tls: process.env.NATS_CA ? { caFile: process.env.NATS_CA } : undefined,
  noRandomize: true,
  maxReconnectAttempts: -1,
  ignoreAuthErrorAbort: true,
  reconnectTimeWait: 100,
  waitOnFirstConnect: true,
});
nc.closed().then((err) => err && console.error('closed:', err.message));

const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');

const shown = (m) => ({
  subject: m.subject,
  sequence: m.seq,
  header: m.headers ? Object.fromEntries(m.headers.keys().map((k) => [k, m.headers.values(k)])) : {},
  data: Buffer.from(m.data).toString('base64'),
});

const consumer = (name) => jetstream(nc, { apiPrefix: 'JS.crier.API', timeout: 2_000 }).consumers.get('ROOMS', name);

async function take(incoming, count) {
  const messages = [];
  for await (const m of incoming) {
    await m.ackAck();
    if (messages.push(shown(m)) === count) break;
  }
  return { messages };
}

const deeds = {
  async listen({ subject }) {
    let refused;
    nc.subscribe(subject, { callback: (err, m) => { if (err) refused = err; else say({ heard: shown(m) }); } });
    await nc.flush();
    if (refused) throw refused;
    return {};
  },

  async request({ subject, body }) {
    return { message: shown(await nc.request(subject, body, { timeout: 10_000 })) };
  },

  async fetch({ consumer: name, count, wait }) {
    return take(await (await consumer(name)).fetch({ max_messages: count, expires: wait }), count);
  },

  async iterate({ consumer: name, count }) {
    return take(await (await consumer(name)).consume(), count);
  },

  async consume({ consumer: name, count }) {
    const messages = [];
    const incoming = await (await consumer(name)).consume({
      callback: async (m) => {
        await m.ackAck();
        if (messages.push(shown(m)) === count) incoming.stop();
      },
    });
    await incoming.closed();
    return { messages };
  },

  async follow({ consumer: name }) {
    const incoming = await (await consumer(name)).consume({ expires: 5_000 }); // it tries again after that long without an answer
    (async () => {
      for await (const m of incoming) {
        say({ followed: shown(m) });
        m.ack();
      }
    })();
    return {};
  },
};

say({});
for await (const line of createInterface({ input: process.stdin })) {
  const wanted = JSON.parse(line);
  try {
    say(await deeds[wanted.do](wanted));
  } catch (err) {
    say({ error: `${err.name}: ${err.message}` });
  }
}
await nc.close();
