// Package whatsapptest is the Cloud API of one number, as Meta's documentation describes it, for tests. It calls back what
// became of a message, signed.
//
// What it does depends on the last two digits of the number:
//
//	01  500                          06  the connection ends
//	02  429, code 130429             07  200 from somebody else
//	03  400, code 131047             08  taken, then failed with 131026
//	04  400, code 131050             09  taken, then failed with 131047
//	05  no answer
//
// and any other is sent, delivered and read. Its answers quote the number, as the real ones do, and so do its ids.
package whatsapptest
