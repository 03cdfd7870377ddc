// Package strictyaml reads YAML that decides over something: strictly, with the
// position of every problem, and without believing that the input is friendly.
//
// It is a small part of YAML: mappings with text keys, lists, and what JSON has
// for scalars. What two readers can understand differently is refused instead of
// interpreted: anchors, aliases, merge keys, tags, duplicate keys, numbers such as
// 012, 0x10 or .inf, and characters that hide a line break from a reviewer. Plain
// yes, no and on are text, as is 2026-01-01.
//
// A file is read in three steps, and each step reports all that it finds:
//
//	Parse     text to documents: encoding, size, syntax, the rules above
//	Validate  a document against a JSON Schema, in words for people
//	Decode    a document into a Go value
//
// In a schema that is meant for Validate, `$comment` beside a type, pattern, not
// or oneOf says in words what the value must be; it then stands in the message
// after "must be". (For `not` it stands after "is not allowed".)
//
// The package touches nothing but memory and imports nothing of sluice.
package strictyaml
