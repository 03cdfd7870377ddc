package commitstatus

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"
)

// setGitLab is POST /projects/ID/statuses/SHA.
func setGitLab(ctx context.Context, c call, about Subject, s Status) error {
	client, err := gitlab.NewClient(c.token, gitlab.WithURLWarningLogger(slog.New(slog.DiscardHandler)), gitlab.WithBaseURL(c.api),
		gitlab.WithHTTPClient(c.client), gitlab.WithoutRetries(), gitlab.WithUserAgent("sluice"))
	if err != nil {
		return err
	}
	state := map[State]gitlab.BuildStateValue{Pending: gitlab.Pending, Success: gitlab.Success, Failure: gitlab.Failed}[s.State]
	_, _, err = client.Commits.SetCommitStatus(c.repository, about.Commit,
		&gitlab.SetCommitStatusOptions{State: state, Name: &about.Name, Description: &s.Line}, gitlab.WithContext(ctx))
	return err
}

// alreadyOnGitLab reports a refusal of GitLab's to go from a state to itself: it
// changes no line of a status that stays pending.
func alreadyOnGitLab(code int, answer string) bool {
	return code == http.StatusBadRequest && strings.Contains(answer, "Cannot transition status via :enqueue from :pending")
}
