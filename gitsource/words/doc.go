// Package words makes text that a server, a file or a commit gave fit for an error of
// ours: on one line, without secrets, bounded. It knows nothing of Git.
package words
