// Whether a webhook or a callback of crier was signed with a secret, as Standard Webhooks describes.
// Node.js 18 or later, no package.
//
//   import { verify } from './verify.mjs';
//   if (!verify(process.env.CRIER_WEBHOOK_SECRET, request.headers, body)) return response.writeHead(401).end();
//
// body is what came, byte for byte: a Buffer, not parsed JSON written anew. A call may come twice; keep webhook-id to
// know it again. Run by itself, it reads a call from standard input: headers, an empty line, and the body.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const tolerance = 5 * 60; // seconds

export function verify(secret, headers, body, now = Date.now() / 1000) {
  const id = headers['webhook-id'], time = headers['webhook-timestamp'];
  const signatures = headers['webhook-signature'] ?? '';
  if (!id || !time || !(Math.abs(now - Number(time)) <= tolerance)) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const want = createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest();
  return signatures.split(' ').some((one) => { // while a secret changes there are two
    const got = Buffer.from(one.replace(/^v1,/, ''), 'base64');
    return one.startsWith('v1,') && got.length === want.length && timingSafeEqual(got, want);
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const call = readFileSync(0), end = call.indexOf('\r\n\r\n');
  const lines = call.subarray(0, end).toString().split('\r\n').map((line) => line.split(/: (.*)/s));
  const headers = Object.fromEntries(lines.map(([name, value]) => [name.toLowerCase(), value]));
  const good = verify(process.env.CRIER_WEBHOOK_SECRET, headers, call.subarray(end + 4));
  console.log(good ? 'the signature holds' : 'no signature is good');
  process.exitCode = good ? 0 : 1;
}
