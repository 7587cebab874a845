// Package telegramtest is a Bot API as its documentation describes it, for tests: sendMessage and getUpdates of one bot.
//
// What it does with a message depends on the last two digits of the chat:
//
//	01  500                                    07  200 from somebody else
//	02  429, seven seconds                     08  400, the group has another number
//	03  400 chat not found                     09  403 user is deactivated
//	04  403 bot was blocked                    10  429, an hour
//	05  no answer                              11  429, a second, but for the first message there
//	06  the connection ends                    12  400, but for the first message there
//
// and any other is sent. Its answers quote the chat, as the real ones do.
package telegramtest
