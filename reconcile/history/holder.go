package history

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// Holder says who has a history open for writing. It is written beside the file,
// for those who may read the file itself: Command must hold no secret.
type Holder struct {
	PID     int       `json:"pid"`
	Command string    `json:"command"`         // for example "sluice serve"
	API     string    `json:"api,omitempty"`   // URL of the holder's local API, if it has one
	Token   string    `json:"token,omitempty"` // what that API wants to be shown; of no use when the holder has ended
	Since   time.Time `json:"since"`
}

// HeldError is a history that another process has open. A zero Holder means that
// nobody wrote there who it is, or that only readers have it open.
type HeldError struct {
	Path   string
	Holder Holder
}

// Error says who holds the file and what to do.
func (e *HeldError) Error() string {
	h := e.Holder
	if h.PID == 0 {
		return fmt.Sprintf("history %s is in use by another process (perhaps a reader): try again when it has ended", e.Path)
	}
	text := fmt.Sprintf("history %s is held by %q (pid %d, since %s", e.Path, h.Command, h.PID, h.Since.UTC().Format(time.RFC3339))
	if h.API != "" {
		return text + fmt.Sprintf(", API %q): ask it, or stop it first", h.API)
	}
	return text + "): stop it first"
}

const holderSuffix = ".holder"

// writeHolder names the holder in the side file. The lock is the truth and is
// held by now; a file of an earlier holder that was killed is replaced.
func writeHolder(path string, h Holder) error {
	data, err := json.Marshal(h)
	if err != nil {
		return err
	}
	// Only the holder of the lock comes here: one fixed name will do, and a crash
	// leaves at most one such file behind.
	temp := path + holderSuffix + ".tmp"
	if err := os.WriteFile(temp, append(data, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(temp, path+holderSuffix)
}

// HolderOf returns who says to have the history at path open: the zero Holder when
// nobody does. It takes no lock, so that it can be asked often; a holder that was
// killed may still be named.
func HolderOf(path string) Holder { return readHolder(path) }

// readHolder returns what the side file says, or the zero Holder: it only informs.
func readHolder(path string) Holder {
	if info, err := os.Stat(path + holderSuffix); err != nil || !info.Mode().IsRegular() {
		return Holder{}
	}
	f, err := os.Open(path + holderSuffix)
	if err != nil {
		return Holder{}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return Holder{}
	}
	var h Holder
	if json.Unmarshal(data, &h) != nil || h.PID <= 0 {
		return Holder{}
	}
	return h
}
