package main

import (
	"testing"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
)

func TestTheLoginOfTheEnvironmentIsForOneHost(t *testing.T) {
	specs := config.Repo{URL: "https://git.example.com/a"}
	elsewhere := config.Repo{URL: "https://github.com/b"}
	if got := gitHost(config.Config{Specs: specs, Policies: []config.Repo{elsewhere}}); got != "git.example.com" {
		t.Errorf("host %q", got)
	}
	if got := gitHost(config.Config{Specs: config.Repo{Dir: "."}, Policies: []config.Repo{elsewhere}}); got != "github.com" {
		t.Errorf("host %q", got)
	}
}
