// Opens a push message as a browser does (RFC 8291, RFC 8188) and verifies its VAPID token (RFC 8292), with nothing but the
// library of Node.js. On standard input: {"private","auth","body","authorization"}, binary values in base64url. On standard
// output: {"text","claims"}.
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'

const bytes = (s) => Buffer.from(s, 'base64url')
const said = JSON.parse(readFileSync(0, 'utf8'))

const browser = createECDH('prime256v1')
browser.setPrivateKey(bytes(said.private))
const body = bytes(said.body)
const salt = body.subarray(0, 16)
const sender = body.subarray(21, 21 + body[20])
const record = body.subarray(21 + body[20])
if (record.length > body.readUInt32BE(16)) throw new Error('more than one record')

const info = Buffer.concat([Buffer.from('WebPush: info\0'), browser.getPublicKey(), sender])
const seed = Buffer.from(hkdfSync('sha256', browser.computeSecret(sender), bytes(said.auth), info, 32))
const key = Buffer.from(hkdfSync('sha256', seed, salt, 'Content-Encoding: aes128gcm\0', 16))
const nonce = Buffer.from(hkdfSync('sha256', seed, salt, 'Content-Encoding: nonce\0', 12))
const open = createDecipheriv('aes-128-gcm', key, nonce)
open.setAuthTag(record.subarray(-16))
const plain = Buffer.concat([open.update(record.subarray(0, -16)), open.final()])
const end = plain.findLastIndex((b) => b !== 0)
if (plain[end] !== 2) throw new Error('no delimiter of the last record')

const [, token, vapid] = /^vapid t=([^,]+), k=(.+)$/.exec(said.authorization)
const [head, claims, signature] = token.split('.')
const { alg } = JSON.parse(bytes(head))
const point = bytes(vapid)
const jwk = { kty: 'EC', crv: 'P-256', x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') }
const public_ = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }
if (alg !== 'ES256' || !verify('sha256', Buffer.from(`${head}.${claims}`), public_, bytes(signature))) throw new Error('signed by another')

console.log(JSON.stringify({ text: plain.subarray(0, end).toString(), claims: JSON.parse(bytes(claims)) }))
