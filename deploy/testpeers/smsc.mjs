// An SMS centre on npm's smpp, for tests: `node smsc.mjs [port]` prints {"port":…}, takes every bind and message, answers at
// once and sends a receipt. Destinations fail by their last three digits:
//   101 system error, 102 throttled, 103 invalid destination, 104 no answer, 105 the receipt says undeliverable
// A receipt that is refused for the moment (ESME_RX_T_APPN) is sent again. A line {"from","to","text"} on its standard input
// is the text of a person; what is answered to it is printed as {"status":…}.

import smpp from 'smpp';
import readline from 'node:readline';

const failures = { 101: smpp.ESME_RSYSERR, 102: smpp.ESME_RTHROTTLED, 103: smpp.ESME_RINVDSTADR };
const sessions = new Set();
let count = 0;

const server = smpp.createServer((session) => {
  sessions.add(session);
  session.on('close', () => sessions.delete(session));
  session.on('error', () => sessions.delete(session));
  for (const kind of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) {
    session.on(kind, (pdu) => {
      session.hears = kind !== 'bind_transmitter';
      session.send(pdu.response());
    });
  }
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => session.send(pdu.response()));
  session.on('submit_sm', (pdu) => {
    const end = pdu.destination_addr.slice(-3);
    if (failures[end]) {
      session.send(pdu.response({ command_status: failures[end] }));
      return;
    }
    const id = (++count).toString(16);
    if (end === '104') return;
    session.send(pdu.response({ message_id: id }));
    if (pdu.registered_delivery & 1) receipt(session, pdu, id, end === '105' ? 'UNDELIV' : 'DELIVRD');
  });
});

function receipt(from, pdu, id, state) {
  const session = from.hears ? from : [...sessions].filter((s) => s.hears).at(-1); // older ones may be about to end
  const again = () => setTimeout(() => receipt(from, pdu, id, state), 50);
  if (!session) {
    if (sessions.has(from)) again();
    return;
  }
  const text = `id:${id} sub:001 dlvrd:001 submit date:2611230001 done date:2611230001 stat:${state} err:000 text:`;
  session.deliver_sm({
    esm_class: 4, source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, short_message: Buffer.from(text),
    receipted_message_id: id, message_state: state === 'DELIVRD' ? 2 : 5,
  }, (answer) => {
    if (answer.command_status === smpp.ESME_RX_T_APPN) again();
  });
}

function say(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const { from, to, text } = JSON.parse(line);
  const session = [...sessions].find((s) => s.hears);
  session.deliver_sm({ source_addr_ton: 1, source_addr_npi: 1, source_addr: from, destination_addr: to, short_message: text },
    (answer) => say({ status: answer.command_status }));
}).on('close', () => process.exit());

server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => say({ port: server.address().port }));
