// Package cap reads alerts of the Common Alerting Protocol 1.2 (OASIS Standard, 1 July 2010), and says what they mean for the
// gateway: their transaction, lane, content, audience and times.
//
// # Promised
//
//   - What is taken is CAP 1.2 as the standard demands: its elements in their order and number, its code values, times with
//     a zone, references as triples, closed polygons, circles. Everything else is refused, with where it stands and why, in
//     words that never repeat it.
//   - It is one XML document in UTF-8, without DTD, so that there are no entities but those of XML itself, and nothing is
//     ever fetched. Its size, depth and number of elements are bounded.
//   - What follows from an alert follows from its bytes alone, the options and the room's rules: the same alert always means the
//     same.
//   - Whom only some of its infos concern, by the codes of their areas, gets those: in his language, or else in any of theirs.
//   - The content holds the alert byte for byte, as the member "cap".
//
// # Not promised
//
//   - Signatures (XML Signature, §3.3.4.1) are kept with the alert and not verified; Alert.Signed says that there is one.
//   - Encrypted alerts are refused: they cannot be read.
//   - Resources are neither fetched nor checked against their digest.
//   - That people in different places get different infos where the alert is for everybody, or where that would be more than 128 KiB
//     of text: then everybody gets all of them, in his language.
//   - Geocodes are compared as they are: that one place lies within another is not known here.
package cap
