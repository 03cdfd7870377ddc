package child

import (
	"fmt"
	"os"
)

// Command is how to start a child: a program whose main calls [Enter].
type Command struct {
	Path string
	Args []string // the program's name first, as in os.Args
	Env  []string // "NAME=value"; secrets go through the pipe
}

// Self is the running program, called with args, with an empty environment. The error is
// that the system does not say which program runs.
func Self(args ...string) (Command, error) {
	path, err := selfPath()
	if err != nil {
		return Command{}, fmt.Errorf("find this program, to start it once more: %w", err)
	}
	return Command{Path: path, Args: append([]string{os.Args[0]}, args...)}, nil
}
