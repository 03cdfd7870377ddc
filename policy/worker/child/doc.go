// Package child starts this program once more, as a process with limits that does
// dangerous work for its parent: what it is given may eat memory, run for ever or
// crash it, and the parent goes on. It knows nothing of the work.
//
// The parent calls [Start], or [Run] for a process of one request, with a [Command]
// that leads the program's main to [Enter]. The two speak in frames over the
// child's standard input and output. What the child says on its standard error is
// the trace that a crash leaves: [Process.State].
//
// # What bounds the child
//
// Its memory: on Linux the kernel refuses it more private memory than
// [Limits].Memory beyond what it had when it began (RLIMIT_DATA). RLIMIT_AS counts
// the 1.2 GB of addresses that the Go runtime reserves and never uses, so it is no
// measure of memory; it is set higher, for what RLIMIT_DATA does not count: memory
// that is shared. Go's collector works harder from three quarters of Memory on, and
// the kernel's out-of-memory killer takes the child before anybody else. Elsewhere
// there is only the collector's limit, which is not a hard one: the child keeps the
// harm out of this process, but not out of the machine.
//
// Its time: whoever asks kills it, see [Process.Within], and the kernel does after
// [Limits].CPU.
//
// The rest: an environment of what the [Command] names and no more, no descriptors
// but its three, no files written, no core file, a process group of its own, so that
// a terminal's Ctrl-C reaches only the parent; it ends with its parent. It is a
// container for resources and no wall against attackers: it runs under the same user.
package child
