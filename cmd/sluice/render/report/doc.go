// Package report writes what an audit found in the formats that other programs
// read: JUnit, SARIF, GitHub annotations, GitLab code quality, TAP; and in Markdown,
// for a comment on a pull request.
//
// What holds for every format:
//   - The order is the report's own; the same report gives the same bytes.
//   - What is no pass is a failure: deny, hold, error, a problem of a file, a document
//     that no rule judged, and a decision that this package does not know.
//   - Rules that pass are named too, as far as the format has a place for them.
//   - Text from outside may hold anything. It goes through [render.Clean] first, so
//     that what cannot be seen is shown, and then through the escaping of the format,
//     so that it cannot end a field, begin a command or mention a person.
//   - A report is written at once: a failure leaves no half of it.
//
// Problems and rules become checks (check.go), and each format is a loop over them.
// SARIF is written with types of its own: the library that has them all doubles the
// size of the program, because it brings a validator that uses text/template. The
// tests use that library, and with it the official schema.
//
// The package only formats: it reads no file, no network and no clock. The only error is
// the writer's.
package report
