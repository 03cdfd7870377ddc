package api

import (
	"net/http"

	"github.com/seed-6ca89210/sluice/reconcile/rulebook"
)

// waived is a waiver with the rule that it is about.
type waived struct {
	Rule string `json:"rule"`
	rulebook.Waiver
}

func (a api) waivers(w http.ResponseWriter, _ *http.Request) {
	book, list := a.Feed.Rules(), []waived{}
	for _, r := range book.Rules {
		for _, waiver := range r.Waivers {
			list = append(list, waived{r.ID, waiver})
		}
	}
	answer(w, http.StatusOK, map[string]any{"waivers": list, "approvals": book.Approvals})
}
