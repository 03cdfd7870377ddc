package commitstatus

import (
	"context"
	"strings"

	"github.com/google/go-github/v92/github"
)

// setGitHub is POST /repos/OWNER/NAME/statuses/SHA. GitHub keeps all statuses of a
// name, at most 1,000, and shows the newest.
func setGitHub(ctx context.Context, c call, about Subject, s Status) error {
	base := c.api + "/"
	client, err := github.NewClient(github.WithHTTPClient(c.client), github.WithAuthToken(c.token),
		github.WithURLs(&base, nil), github.WithUserAgent("sluice"), github.WithDisableRateLimitCheck())
	if err != nil {
		return err
	}
	owner, name, _ := strings.Cut(c.repository, "/")
	_, _, err = client.Repositories.CreateStatus(ctx, owner, name, about.Commit, github.RepoStatus{
		State: new(string(s.State)), Description: &s.Line, Context: &about.Name,
	})
	return err
}
