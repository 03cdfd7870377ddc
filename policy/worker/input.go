package worker

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

// writeInput writes an input as JSON: whatever package policy takes. Numbers keep
// all their digits.
func writeInput(buf *bytes.Buffer, input any) error {
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	return writeAny(buf, enc, input)
}

// writeAny knows the shapes that most inputs have by far; what else there is becomes
// what the engine would see.
func writeAny(buf *bytes.Buffer, enc *json.Encoder, v any) error {
	switch v := v.(type) {
	case map[string]any:
		buf.WriteByte('{')
		first := true
		for key, field := range v {
			if err := writeKey(buf, enc, key, &first); err != nil {
				return err
			}
			if err := writeAny(buf, enc, field); err != nil {
				return err
			}
		}
		buf.WriteByte('}')
		return nil
	case []any:
		buf.WriteByte('[')
		for i, element := range v {
			if i > 0 {
				buf.WriteByte(',')
			}
			if err := writeAny(buf, enc, element); err != nil {
				return err
			}
		}
		buf.WriteByte(']')
		return nil
	case string:
		return writeString(buf, enc, v)
	}
	value, err := ast.InterfaceToValue(v)
	if err != nil {
		return err
	}
	return writeValue(buf, enc, value)
}

// writeString writes plain text itself, which is nearly all there is, and saves the
// encoder's allocations.
func writeString(buf *bytes.Buffer, enc *json.Encoder, s string) error {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			return enc.Encode(s)
		}
	}
	buf.WriteByte('"')
	buf.WriteString(s)
	buf.WriteByte('"')
	return nil
}

func writeKey(buf *bytes.Buffer, enc *json.Encoder, key string, first *bool) error {
	if !*first {
		buf.WriteByte(',')
	}
	*first = false
	if err := writeString(buf, enc, key); err != nil {
		return err
	}
	buf.WriteByte(':')
	return nil
}

// writeValue refuses sets and all else that JSON does not have: on the other side
// they would be something else.
func writeValue(buf *bytes.Buffer, enc *json.Encoder, v ast.Value) error {
	switch v := v.(type) {
	case ast.Null:
		return enc.Encode(nil)
	case ast.Boolean:
		return enc.Encode(bool(v))
	case ast.Number:
		return enc.Encode(json.Number(v))
	case ast.String:
		return writeString(buf, enc, string(v))
	case *ast.Array:
		buf.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				buf.WriteByte(',')
			}
			if err := writeValue(buf, enc, v.Elem(i).Value); err != nil {
				return err
			}
		}
		buf.WriteByte(']')
		return nil
	case ast.Object:
		return writeObject(buf, enc, v)
	}
	return fmt.Errorf("it holds %v, which JSON cannot express", v)
}

func writeObject(buf *bytes.Buffer, enc *json.Encoder, o ast.Object) error {
	buf.WriteByte('{')
	first := true
	err := o.Iter(func(k, v *ast.Term) error {
		key, ok := k.Value.(ast.String)
		if !ok {
			return fmt.Errorf("it has the key %v, which is no string", k)
		}
		if err := writeKey(buf, enc, string(key), &first); err != nil {
			return err
		}
		return writeValue(buf, enc, v.Value)
	})
	buf.WriteByte('}')
	return err
}
