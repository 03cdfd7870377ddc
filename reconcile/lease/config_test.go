package lease_test

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/lease"
	"github.com/seed-6ca89210/sluice/reconcile/lease/leasetest"
)

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	whole := lease.Config{Table: leasetest.New().For(), ID: "a", Targets: []string{"prod"}}
	if _, err := lease.New(whole); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*lease.Config)
		says   string
	}{
		"no table":                     {func(c *lease.Config) { c.Table = nil }, "need a table"},
		"no ID":                        {func(c *lease.Config) { c.ID = "" }, "needs an ID"},
		"no targets":                   {func(c *lease.Config) { c.Targets = nil }, "need targets"},
		"a target without a name":      {func(c *lease.Config) { c.Targets = []string{"prod", ""} }, "each with a name"},
		"a target twice":               {func(c *lease.Config) { c.Targets = []string{"b", "a", "b"} }, "named twice"},
		"a negative duration":          {func(c *lease.Config) { c.Duration = -time.Second }, "is negative"},
		"calls longer than half of it": {func(c *lease.Config) { c.LongestCall = 16 * time.Second }, "must last twice as long"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := whole
			c.change(&cfg)
			if _, err := lease.New(cfg); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v does not say %q", err, c.says)
			}
		})
	}
}
