package fleet_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/seed-6ca89210/sluice/reconcile/dynamodb"
	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// wireTable answers for DynamoDB to one replica alone, which needs no conditions: it is there
// for what the real client takes to ask and to write.
type wireTable struct {
	mu    sync.Mutex
	items map[string]map[string]wireItem // by partition and sort key
}

type wireItem map[string]map[string]any

// newWireTable is such a table, as the real client sees it.
func newWireTable(t *testing.T) lease.Table {
	t.Helper()
	db, err := dynamodb.Open(t.Context(), dynamodb.Config{
		Table: "sluice", Transport: &wireTable{items: map[string]map[string]wireItem{}}, Endpoint: "http://table",
		Settings: aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return db.Leases()
}

func (w *wireTable) RoundTrip(req *http.Request) (*http.Response, error) {
	var in struct {
		Item                      wireItem
		ExpressionAttributeValues wireItem
	}
	if err := json.NewDecoder(req.Body).Decode(&in); err != nil {
		return nil, err
	}
	out := map[string]any{}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch _, action, _ := strings.Cut(req.Header.Get("X-Amz-Target"), "."); action {
	case "PutItem":
		pk, sk := in.Item["pk"]["S"].(string), in.Item["sk"]["S"].(string)
		if w.items[pk] == nil {
			w.items[pk] = map[string]wireItem{}
		}
		w.items[pk][sk] = in.Item
	case "Query":
		list := slices.Collect(maps.Values(w.items[in.ExpressionAttributeValues[":pk"]["S"].(string)]))
		out["Items"], out["Count"] = list, len(list)
	case "DeleteItem":
	default:
		return nil, fmt.Errorf("this table knows no %s", action)
	}
	body, err := json.Marshal(out)
	return &http.Response{StatusCode: http.StatusOK, Request: req, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(body)))}, err
}
