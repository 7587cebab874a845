// Package templates says contents to people: it finds the variant in their language, and puts what is known of them where
// the content asks for it, in Mustache (mustache(5)).
//
// Of Mustache there are variables, sections, inverted sections and comments. A section stands if the value is there and is
// not blank; it does not repeat and opens no context of its own. What HTML gets is escaped, what all else gets is not.
//
// Promised: nothing is read but the values of the one person, and no value is read as a template; a content that asks for a
// value that is not there is not said at all; what comes out keeps the rules of a content, so that no value adds a line to
// a subject; work and memory are bounded by the size of the template and the number of its tags, both limited.
//
// Not promised: that a value is safe anywhere in HTML but in text and in quoted attributes that are no script, style or URL.
package templates
