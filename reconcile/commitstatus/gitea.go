package commitstatus

import (
	"context"
	"strings"

	"code.gitea.io/sdk/gitea"
)

// setGitea is POST /api/v1/repos/OWNER/NAME/statuses/SHA, of Gitea and Forgejo. The
// client would ask the server for its version first; every version has this call.
func setGitea(ctx context.Context, c call, about Subject, s Status) error {
	client, err := gitea.NewClient(strings.TrimSuffix(c.api, "/api/v1"), gitea.SetContext(ctx), gitea.SetGiteaVersion(""),
		gitea.SetHTTPClient(c.client), gitea.SetToken(c.token), gitea.SetUserAgent("sluice"))
	if err != nil {
		return err
	}
	owner, name, _ := strings.Cut(c.repository, "/")
	_, _, err = client.CreateStatus(owner, name, about.Commit, gitea.CreateStatusOption{
		State: gitea.StatusState(s.State), Description: s.Line, Context: about.Name,
	})
	return err
}
