// Command sluice keeps the private IP addresses of AWS NAT gateways and network
// interfaces as a Git repository says they should be.
//
// Each command is one file. A command reads its flags, has its parts wired
// (wiring.go), lets reconcile, policy or history do the work, and renders the
// result (cmd/sluice/render). What goes wrong becomes one of the four exit
// statuses in exit.go. Machine output goes to standard output, logs and progress
// to standard error.
package main
