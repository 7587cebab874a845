// Package telegram sends by a bot of Telegram, over the Bot API, and hears what people write to the bot.
//
//	providers:
//	  telegram: {kind: bot, tokenFile: /etc/crier/telegram.token}
//
// # What goes out
//
// One call of sendMessage: the subject as a bold line, then the text, without markup, so that whatever stands in a text is
// shown as it is written. Bold is told by an entity, and addresses in the text get no preview, for which Telegram would call
// them. A message has 4,096 UTF-16 units at most; a longer text goes out as several messages, cut at the end of a line or
// between words, and is Rejected (too-long) if more than Options.MaxParts are needed. If one of them, but not the first, is
// not taken, the attempt is Deferred as unknown: the next one says everything again.
//
//	answer                                       outcome
//	ok                                           sent, which is the last word: Telegram has no receipts
//	403: blocked by the person, not begun        suppressed; it is tried again with the next message, for he may come back
//	by him, thrown out of the group
//	403 user is deactivated, 400 chat not found  rejected, no-mailbox: suppressed like an address that bounces,
//	                                             until somebody writes from there
//	400 with migrate_to_chat_id                  rejected, no-mailbox, "400 chat-migrated": the group has another number now
//	400                                          rejected
//	429                                          throttled for as long as retry_after says; deferred if that is over a minute
//	401, 404                                     deferred, unreachable: the token is no good. The circuit breaker keeps
//	                                             deliveries until the file has another
//	4xx without the JSON of the Bot API          deferred, unreachable: somebody between has answered
//	all else                                     deferred
//	no call: the file's token is unreadable, or  deferred, not-configured
//	that of another bot than at the start
//	none, before the request was written         deferred, unreachable or timeout
//	none, after that                             deferred, unknown
//
// Of an answer codes are kept, no words. The provider id is a keyed hash of chat and message, since the number of a chat is
// that of a person; the key is the token.
//
// # What comes in
//
// With inbound: poll one node asks for updates (getUpdates), and confirms them with the next question, once they are
// durable. With inbound: webhook Telegram calls /v1/inlets/NAME/inbound of any node, and proves itself by a secret that the
// operator has given to setWebhook, with the URL and allowed_updates ["message"]. Either way an update that comes twice counts once.
//
// Rooms claim the bot as an address of their inbox by its number, which is what stands before the colon of the token. What
// answers a message of the bot belongs to that message; all else is told apart by keywords and by what was sent last. A
// command loses its slash and the bot's name: /stop and /help are STOP and HELP. A bot cannot begin a chat, so people begin
// with a link, https://t.me/BOT?start=WORD, which has them write "start WORD": WORD is a room's keyword, and its person
// is asked whether it was he, or the code of that question.
//
// A picture is heard by its caption; what has no words is heard as its kind in brackets, such as [voice]. In a group whoever
// may write speaks for the group. Edits, channels, and what other bots write are not heard.
//
// # What it does not promise
//
// Nothing is known of a message once it is sent. With another token replies to older messages are not found by what they
// answer any more, but as if they answered nothing. A chat belongs to one bot, so there is no further one, and the token of
// another counts from the next start on: people have to begin with it anew, and whom it cannot reach counts as no-mailbox.
package telegram
