package dynamodb

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// attributes is an item as the SDK has it.
type attributes map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n uint64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatUint(n, 10)}
}

// keys are the two of one item.
func keys(partition, sort string) attributes { return attributes{pk: text(partition), sk: text(sort)} }

// put sets a text, unless it is empty.
func (a attributes) put(name, value string) {
	if value != "" {
		a[name] = text(value)
	}
}

// text is a text, or "" where there is none.
func (a attributes) text(name string) string {
	if s, ok := a[name].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// texts is a set of texts, in order; nil where there is none.
func (a attributes) texts(name string) []string {
	if s, ok := a[name].(*types.AttributeValueMemberSS); ok {
		return slices.Sorted(slices.Values(s.Value))
	}
	return nil
}

func (a attributes) number(name string) (uint64, error) {
	n, ok := a[name].(*types.AttributeValueMemberN)
	if !ok {
		return 0, fmt.Errorf("its %s is no number", name)
	}
	value, err := strconv.ParseUint(n.Value, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("its %s is %.40q, and no whole number", name, n.Value)
	}
	return value, nil
}

func (a attributes) bytes(name string) []byte {
	if b, ok := a[name].(*types.AttributeValueMemberB); ok {
		return b.Value
	}
	return nil
}

func (a attributes) flag(name string) bool {
	b, ok := a[name].(*types.AttributeValueMemberBOOL)
	return ok && b.Value
}
