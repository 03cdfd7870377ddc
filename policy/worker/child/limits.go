package child

import (
	"fmt"
	"time"
)

// Limits bound a child; it sets them itself, before it reads anything else.
type Limits struct {
	// Memory is how many bytes it may use beyond what it needs to start; required.
	Memory int64 `json:"memory"`
	// Files is how many descriptors it may have open; 32 when zero.
	Files uint64 `json:"files,omitempty"`
	// CPU is how much computing time it may use in all, in whole seconds; no limit
	// when zero.
	CPU time.Duration `json:"cpu,omitempty"`
}

// defaultFiles leaves room for the runtime's own and a time zone's file.
const defaultFiles = 32

// BytesText writes a number of bytes as people do: "1 GiB", "768 MiB".
func BytesText(n int64) string {
	if n%(1<<30) == 0 {
		return fmt.Sprintf("%d GiB", n>>30)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}
