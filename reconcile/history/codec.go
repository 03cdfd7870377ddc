package history

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The bounds of one record.
const (
	maxMessage = 16 << 10 // bytes; a longer message is cut, so that no commit can stop the log
	maxRecord  = 1 << 20  // bytes of JSON

	// MostPacked is how many bytes of gzip every [Store] takes of a record. An item of
	// DynamoDB has 400 KB, keys and names included; a file takes whatever JSON allows.
	MostPacked = 350 << 10
)

var errNotCanonical = errors.New("its bytes are not what sluice writes")

// Seal completes a record that follows the head of a log, for a [Store] that keeps it
// elsewhere than [File] does. It returns the record as it will be read again, and its
// line of JSON, without an end of line, as [ReadExport] reads it.
func Seal(r Record, after Head) (Record, []byte, error) {
	return seal(r, after.Seq+1, after.Hash)
}

// seal completes a record that follows prev and returns it as it will be read
// again, with the bytes to store.
func seal(r Record, seq uint64, prev string) (Record, []byte, error) {
	if r.Kind == "" || r.Time.IsZero() {
		return Record{}, nil, errors.New("a history record needs a kind and a time")
	}
	r.Seq, r.Prev, r.Hash = seq, prev, ""
	r.Time, r.CommitTime = r.Time.UTC(), r.CommitTime.UTC()
	r.Message = cut(r.Message, maxMessage)
	// JSON cannot hold every Go string (bytes that are no UTF-8) nor tell an empty
	// list from none. One round trip makes the record equal to what is read later.
	first, err := json.Marshal(r)
	if err != nil {
		return Record{}, nil, fmt.Errorf("a history record cannot be written: %w", err)
	}
	r = Record{}
	if err := json.Unmarshal(first, &r); err != nil {
		return Record{}, nil, fmt.Errorf("a history record cannot be read back: %w", err)
	}
	if r.Hash, err = hash(r); err != nil {
		return Record{}, nil, err
	}
	data, err := json.Marshal(r)
	if err != nil {
		return Record{}, nil, err
	}
	if len(data) > maxRecord {
		return Record{}, nil, fmt.Errorf("a history record of %d bytes is over the limit of %d", len(data), maxRecord)
	}
	return r, data, nil
}

// decode reads stored bytes and refuses all that seal does not write.
func decode(data []byte) (Record, error) {
	if len(data) > maxRecord {
		return Record{}, errNotCanonical
	}
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return Record{}, fmt.Errorf("it is no record: %w", err)
	}
	// A field that this version does not know, a second spelling of a key and
	// white space all vanish on the way back.
	again, err := json.Marshal(r)
	if err != nil || !bytes.Equal(again, data) {
		return Record{}, errNotCanonical
	}
	return r, nil
}

// hash returns what r.Hash has to be.
func hash(r Record) (string, error) {
	r.Hash = ""
	data, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	sum.Write([]byte(r.Prev))
	sum.Write(data)
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// cut shortens text to about max bytes, at the end of a rune.
func cut(text string, max int) string {
	if len(text) <= max {
		return text
	}
	end := max
	for end > max-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.Clone(text[:end]) + "…"
}
