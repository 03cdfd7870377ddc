// Package render is what a person sees of sluice: every text and JSON output of
// the command line.
//
// The rules of its output:
//   - What matters stands first: a state word, a decision, an outcome. Digests,
//     positions and request ids follow, quieter.
//   - What needs nobody's attention is folded: resources in sync, rules that pass.
//   - Colour repeats what the words say already and never stands alone. It is used
//     only on a terminal, and not when NO_COLOR is set or TERM is dumb.
//   - Columns are aligned by runes; the last one wraps. Ids, hashes and addresses
//     are never broken, so that they can be copied.
//   - Text from outside (commit messages, names, reasons, EC2's messages) may hold
//     anything. It reaches the terminal through one function, which escapes control
//     bytes, so that no terminal escape gets through.
//
// The package only formats: it reads no file, no network and no clock (time is
// input; only the redrawing of a line ticks), and knows of a terminal only whether
// there is one, and how wide. A [Progress] alone keeps state: what was shown already.
//
// An error of what prints is the writer's and no other; of a JSON form it may also be
// that of a time which JSON cannot hold, after the year 9999. Each document is written
// at once, so that a failure leaves no half of one; of records, which are a line each,
// those before it are written.
package render
