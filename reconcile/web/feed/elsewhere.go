package feed

import (
	"context"
	"errors"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

var errElsewhere = errors.New("the record of several replicas is read by `sluice history` and `sluice explain`, with this configuration")

// elsewhere stands for a record that is not read here.
type elsewhere struct{}

func (elsewhere) Checkpoint(context.Context) (*history.Checkpoint, error) { return nil, nil }
func (elsewhere) Head(context.Context) (history.Head, error)              { return history.Head{}, errElsewhere }
func (elsewhere) Records(context.Context, uint64) history.Records         { return noRecords }
func (elsewhere) Before(context.Context, uint64) history.Records          { return noRecords }

func noRecords(yield func(history.Record, error) bool) { yield(history.Record{}, errElsewhere) }
