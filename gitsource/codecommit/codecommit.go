// Package codecommit makes the user name and password that AWS CodeCommit takes
// over https: an access key's id and a signature of the request, by Signature
// Version 4, as git-remote-codecommit and `aws codecommit credential-helper` make
// them.
//
// The signer of the AWS SDK cannot: it always signs a date header too, which Git
// does not send. The scheme is four HMACs over a text of six lines.
package codecommit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Keys are AWS credentials.
type Keys struct {
	ID, Secret string
	Token      string // of a session; "" for keys that do not end
}

// Repository is what a signature is for.
type Repository struct {
	Host   string // git-codecommit.us-east-1.amazonaws.com
	Path   string // /v1/repos/NAME
	Region string
}

// hostRegion finds the Region in the names of CodeCommit's hosts, those of a VPC's
// endpoint included.
var hostRegion = regexp.MustCompile(`(?:^|\.)git-codecommit(?:-fips)?\.([a-z]{2}(?:-[a-z0-9]+)+-[0-9])\.(?:vpce\.)?(?:amazonaws\.com|amazonaws\.com\.cn|api\.aws)$`)

// ParseURL takes a repository's https URL apart. The errors do not quote it.
func ParseURL(raw string) (Repository, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" {
		return Repository{}, errors.New("codeCommit: the url must be https://git-codecommit.REGION.amazonaws.com/v1/repos/NAME")
	}
	host := strings.ToLower(u.Hostname())
	m := hostRegion.FindStringSubmatch(host)
	if m == nil || !strings.HasPrefix(u.Path, "/v1/repos/") || strings.Trim(strings.TrimPrefix(u.Path, "/v1/repos/"), "/") == "" {
		return Repository{}, errors.New("codeCommit: the url is none of CodeCommit's; write it as https://git-codecommit.REGION.amazonaws.com/v1/repos/NAME")
	}
	return Repository{Host: host, Path: strings.TrimSuffix(u.EscapedPath(), "/"), Region: m[1]}, nil
}

// Login returns user name and password, good for some minutes around now.
func (r Repository) Login(k Keys, now time.Time) (user, password string) {
	user = k.ID
	if k.Token != "" {
		user += "%" + k.Token
	}
	// Without the Z that dates have elsewhere in Signature Version 4: it is in the
	// password only.
	stamp := now.UTC().Format("20060102T150405")
	day, _, _ := strings.Cut(stamp, "T")
	scope := strings.Join([]string{day, r.Region, "codecommit", "aws4_request"}, "/")
	request := sha256.Sum256([]byte("GIT\n" + r.Path + "\n\nhost:" + r.Host + "\n\nhost\n"))
	key := []byte("AWS4" + k.Secret)
	for _, part := range []string{day, r.Region, "codecommit", "aws4_request",
		"AWS4-HMAC-SHA256\n" + stamp + "\n" + scope + "\n" + hex.EncodeToString(request[:])} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return user, stamp + "Z" + hex.EncodeToString(key)
}
