package bucket

import (
	"fmt"
	"regexp"
	"strings"
)

// Place is an object, or, as what names begin with, a folder of them.
type Place struct {
	Bucket string
	Key    string // without a slash at either end
}

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// Parse reads s3://BUCKET/KEY. The key may be missing; one that a path would change
// ("..", an empty part) is refused.
func Parse(text string) (Place, error) {
	rest, ok := strings.CutPrefix(text, "s3://")
	name, key, _ := strings.Cut(rest, "/")
	key = strings.TrimSuffix(key, "/")
	if !ok || !bucketName.MatchString(name) {
		return Place{}, fmt.Errorf("%.80q does not name a bucket; write s3://BUCKET/NAME", text)
	}
	for part := range strings.SplitSeq(key, "/") {
		if key != "" && (part == "" || part == "." || part == "..") || strings.ContainsFunc(part, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
			return Place{}, fmt.Errorf("%.80q has an empty part, a dot or a control character for a name; write s3://BUCKET/NAME", text)
		}
	}
	return Place{name, key}, nil
}

// Join is the place of a name below this one.
func (p Place) Join(name string) Place {
	p.Key = strings.Trim(p.Key+"/"+name, "/")
	return p
}

// String is the place as [Parse] reads it.
func (p Place) String() string { return "s3://" + p.Bucket + "/" + p.Key }

// escape writes a key as S3 signs it: all but letters, digits, "-._~" and slashes.
func escape(key string) string {
	var b strings.Builder
	for _, c := range []byte(key) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~/", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
