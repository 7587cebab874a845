// Package webpushtest has a push service for tests (RFC 8030), with the browsers behind it. It takes what is signed with a
// VAPID key and addressed to it, opens what it got with the keys of the browser, as RFC 8291 and RFC 8188 say it, and keeps
// it. Its code shares nothing with the provider's.
package webpushtest
