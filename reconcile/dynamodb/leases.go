package dynamodb

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// leases is the part of the table that [lease.Keeper] works on.
type leases struct{ db *DB }

// Leases returns the leases of all targets, and the replicas.
func (db *DB) Leases() lease.Table { return leases{db} }

// Leases implements [lease.Table].
func (l leases) Leases(ctx context.Context) ([]lease.Item, error) {
	var list []lease.Item
	for a, err := range l.db.ask(ctx, question{partition: leasePartition}) {
		if err != nil {
			return nil, err
		}
		list = append(list, leaseOf(a))
	}
	return list, nil
}

// lease reads the lease of one target; the zero Item when it has none.
func (db *DB) lease(ctx context.Context, target string) (lease.Item, error) {
	out, err := harmless(ctx, db, "GetItem", db.api.GetItem, &sdk.GetItemInput{
		TableName: &db.table, Key: keys(leasePartition, target), ConsistentRead: aws.Bool(true),
	})
	if err != nil || len(out.Item) == 0 {
		return lease.Item{}, err
	}
	return leaseOf(out.Item), nil
}

// unreadable is a version that no lease ever has: no write can name it.
const unreadable = math.MaxUint64 / 2

// leaseOf reads an item. One that cannot be read says so: nobody can take it, and no
// other target suffers.
func leaseOf(a attributes) lease.Item {
	item := lease.Item{Target: a.text(sk), Holder: a.text("holder"), URL: a.text("url"), HeadHash: a.text("headHash"), Clean: a.flag("clean")}
	var ms uint64
	for _, field := range []struct {
		name string
		to   *uint64
	}{{"epoch", &item.Epoch}, {"version", &item.Version}, {"ms", &ms}, {"headSeq", &item.HeadSeq}} {
		n, err := a.number(field.name)
		if err != nil {
			why := fmt.Sprintf("the item with %s %q and %s %q cannot be read: %s", pk, leasePartition, sk, item.Target, err)
			return lease.Item{Target: item.Target, Version: unreadable, Damaged: why}
		}
		*field.to = n
	}
	item.Duration = time.Duration(min(ms, uint64(24*time.Hour/time.Millisecond))) * time.Millisecond
	return item
}

func attributesOf(item lease.Item) attributes {
	a := keys(leasePartition, item.Target)
	a.put("holder", item.Holder)
	a.put("url", item.URL)
	a.put("headHash", item.HeadHash)
	a["epoch"], a["version"], a["headSeq"] = number(item.Epoch), number(item.Version), number(item.HeadSeq)
	a["ms"] = number(uint64(item.Duration / time.Millisecond))
	a["clean"] = &types.AttributeValueMemberBOOL{Value: item.Clean}
	return a
}

// Write implements [lease.Table]. Where somebody removed the lease of a target whose log
// is there, it puts the lease's epoch back, as one that is waited for, in place of what
// it was to write: an epoch that begins anew would not be let into the log.
func (l leases) Write(ctx context.Context, item lease.Item, expect uint64) error {
	if expect == 0 {
		last, err := l.db.first(ctx, question{partition: logPartition + item.Target, backwards: true})
		if err != nil {
			return err
		}
		if epoch, err := last.number("epoch"); last != nil && err == nil && epoch >= item.Epoch {
			if err := l.put(ctx, lease.Item{Target: item.Target, Epoch: epoch, Version: 1, Duration: item.Duration}, 0); err != nil {
				return err
			}
			return lease.ErrConflict
		}
	}
	return l.put(ctx, item, expect)
}

func (l leases) put(ctx context.Context, item lease.Item, expect uint64) error {
	in := &sdk.PutItemInput{TableName: &l.db.table, Item: attributesOf(item), ConditionExpression: aws.String("attribute_not_exists(pk)")}
	if expect != 0 {
		in.ConditionExpression = aws.String("#version = :expect")
		in.ExpressionAttributeNames = map[string]string{"#version": "version"}
		in.ExpressionAttributeValues = map[string]types.AttributeValue{":expect": number(expect)}
	}
	_, err := call(ctx, l.db, "PutItem", l.db.api.PutItem, in)
	if conditional(err) {
		return lease.ErrConflict
	}
	return err
}

// Replicas implements [lease.Table].
func (l leases) Replicas(ctx context.Context) ([]lease.Replica, error) {
	var list []lease.Replica
	for a, err := range l.db.ask(ctx, question{partition: peerPartition}) {
		if err != nil {
			return nil, err
		}
		version, _ := a.number("version") // one that is none never changes: it is not alive
		list = append(list, lease.Replica{ID: a.text(sk), URL: a.text("url"), Version: version, Targets: a.texts("targets")})
	}
	return list, nil
}

// Beat implements [lease.Table].
func (l leases) Beat(ctx context.Context, r lease.Replica) error {
	a := keys(peerPartition, r.ID)
	a.put("url", r.URL)
	a["version"] = number(r.Version)
	if len(r.Targets) > 0 { // no set is empty
		a["targets"] = &types.AttributeValueMemberSS{Value: r.Targets}
	}
	_, err := call(ctx, l.db, "PutItem", l.db.api.PutItem, &sdk.PutItemInput{TableName: &l.db.table, Item: a})
	return err
}

// Leave implements [lease.Table].
func (l leases) Leave(ctx context.Context, id string) error {
	_, err := call(ctx, l.db, "DeleteItem", l.db.api.DeleteItem, &sdk.DeleteItemInput{TableName: &l.db.table, Key: keys(peerPartition, id)})
	return err
}
