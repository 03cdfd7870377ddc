package leasetest

import (
	"math"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// Linearizable reports whether operations are those of one versioned register for each
// target: whether there is an order of them, within their times, in which every write
// that was let through found the version that it expected, every one that was refused
// did not, and every read saw the last write. It gives up after patience; then known
// is false.
func Linearizable(operations []Operation, patience time.Duration) (linearizable, known bool) {
	model := register()
	var history []porcupine.Operation
	for _, op := range operations {
		o := porcupine.Operation{ClientId: op.Client, Input: op, Output: op, Call: int64(op.Call), Return: int64(op.Return)}
		if op.Doubt { // it may have its effect at any time from its call on
			o.Return = math.MaxInt64
		}
		history = append(history, o)
	}
	result := porcupine.CheckOperationsTimeout(model, history, patience)
	return result == porcupine.Ok, result != porcupine.Unknown
}

// register is what a table promises of one target: its state is the item.
func register() porcupine.Model {
	model := porcupine.NondeterministicModel{
		Partition: byTarget,
		Init:      func() []any { return []any{lease.Item{}} },
		Step:      step,
	}
	return model.ToModel()
}

// step returns what a register may hold after an operation; nothing when the operation
// could not have ended as it did.
func step(state, input, _ any) []any {
	stands, op := state.(lease.Item), input.(Operation)
	fits := stands.Version == op.Expect
	switch {
	case !op.Write && stands == op.Item, op.Write && op.Refused && !fits, op.Write && op.Doubt && !fits:
		return []any{stands}
	case op.Write && op.Doubt:
		return []any{stands, op.Item}
	case op.Write && !op.Refused && fits:
		return []any{op.Item}
	}
	return nil
}

func byTarget(history []porcupine.Operation) [][]porcupine.Operation {
	parts := map[string][]porcupine.Operation{}
	for _, o := range history {
		target := o.Input.(Operation).Target
		parts[target] = append(parts[target], o)
	}
	var list [][]porcupine.Operation
	for _, part := range parts {
		list = append(list, part)
	}
	return list
}
