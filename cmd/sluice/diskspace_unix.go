//go:build linux || darwin

package main

import "syscall"

// freeSpace is how many bytes an ordinary user may still write below a folder.
func freeSpace(folder string) (free uint64, known bool) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(folder, &fs); err != nil {
		return 0, false
	}
	return uint64(fs.Bavail) * uint64(fs.Bsize), true
}
