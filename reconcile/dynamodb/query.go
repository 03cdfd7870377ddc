package dynamodb

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// question asks for items of one partition.
type question struct {
	partition string
	compare   string // with sort: <, <=, >=; "": all
	sort      string
	backwards bool
	most      int32 // so many at most; 0: all
	bare      bool  // with nothing but their keys and epochs
	step      int32 // so many in the first answer, and four times as many in each next one; 0: as many as fit into 1 MB
}

// mostStep is as many items as are asked for at once where step grows.
const mostStep = 1024

// ask yields items in the order of their sort keys, a page at a time. After an error it
// yields nothing more.
func (db *DB) ask(ctx context.Context, q question) iter.Seq2[attributes, error] {
	in := &sdk.QueryInput{
		TableName: &db.table, ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(!q.backwards),
		KeyConditionExpression:    aws.String("pk = :pk"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": text(q.partition)},
	}
	if q.compare != "" {
		in.KeyConditionExpression = aws.String("pk = :pk AND sk " + q.compare + " :sk")
		in.ExpressionAttributeValues[":sk"] = text(q.sort)
	}
	if limit := max(q.most, q.step); limit > 0 {
		in.Limit = aws.Int32(limit)
	}
	if q.bare {
		in.ProjectionExpression, in.ExpressionAttributeNames = aws.String("pk, sk, #epoch"), map[string]string{"#epoch": "epoch"}
	}
	return func(yield func(attributes, error) bool) {
		for {
			out, err := harmless(ctx, db, "Query", db.api.Query, in)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, item := range out.Items {
				if !yield(item, nil) {
					return
				}
			}
			if in.ExclusiveStartKey = out.LastEvaluatedKey; len(in.ExclusiveStartKey) == 0 || q.most > 0 {
				return
			}
			if q.step > 0 {
				in.Limit = aws.Int32(min(4**in.Limit, mostStep))
			}
		}
	}
}

// first is the first item that answers a question; nil when there is none.
func (db *DB) first(ctx context.Context, q question) (attributes, error) {
	q.most = 1
	for item, err := range db.ask(ctx, q) {
		return item, err
	}
	return nil, nil
}
