// Package gitsource turns a commit, or plain folders and files, into its files.
//
// A Source is opened once from a Config and asked again and again. [Source.Head]
// costs one ls-remote; [Source.Fetch] makes a fresh depth-1 fetch into memory;
// [Source.Snapshot] does the second only when the first says that something
// changed. There is no work tree and nothing is kept between two calls: a pull
// into a shallow clone fails after a force-push to an older commit.
//
// [Source.Line] tells whether a commit descends from an older one, and what lies
// between them, by a fetch of commits alone. That it descends is proven by ids.
//
// [At] and [Since] look back from a folder or file of this machine, in the history
// of the repository that it lies in.
//
// What it reads is taken to be hostile. Ref names are data, never paths. Files
// come out of tree objects, and only those of mode 100644 and 100755; symbolic
// links and submodules are refused by name. Every limit is checked before the
// bytes that it guards are read. A failure is an error, never an empty set.
//
// What no limit inside a process reaches, such as a defect of the Git library, ends
// with the process: a [Runner] has another one do the work, [Answer] is its part.
//
// Names that begin with a dot (.git, .github, .sops.yaml) are skipped, in a
// commit as in a plain folder, so that both give the same files.
//
// Given keys, it says who signed the commit ([signature]), by the bytes of the commit object
// alone. A signature that does not count is no error here: what hangs on it is for
// the caller to say.
//
// The package reads the network, the repository or folder that it is pointed
// at, and the key, certificate and known_hosts files that its Config names, these
// anew before each conversation with a server. It writes nothing, runs no program
// (a Runner may), keeps no global state, and knows nothing of what the files mean.
// Errors and String never hold a username or a password.
package gitsource
