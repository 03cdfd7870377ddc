package worker

import (
	"encoding/json"
	"fmt"

	"github.com/seed-6ca89210/sluice/policy/worker/child"
)

// running is a child that has compiled the rules.
type running struct {
	*child.Process
	answer []byte // reused
}

// ask sends a request and returns the answer to it.
func (p *running) ask(id uint64, inputs int, request []byte) (a answer, err error) {
	if _, err := p.Write(request); err != nil {
		return a, err
	}
	if p.answer, err = child.ReadFrame(p, p.answer, maxAnswer); err != nil {
		return a, err
	}
	if err := json.Unmarshal(p.answer, &a); err != nil {
		return a, &child.GarbageError{What: err.Error()}
	}
	if a.ID != id || len(a.Replies) != inputs {
		return a, &child.GarbageError{What: fmt.Sprintf("%d answers to request %d instead of %d to %d", len(a.Replies), a.ID, inputs, id)}
	}
	return a, nil
}
