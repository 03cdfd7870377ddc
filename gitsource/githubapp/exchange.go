package githubapp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 10

// wish is the least that the token is for.
type wish struct {
	Repositories []string          `json:"repositories"`
	Permissions  map[string]string `json:"permissions"`
}

// exchange gives the JWT for a token.
func (a *App) exchange(ctx context.Context, client *http.Client, signed string) (string, time.Time, error) {
	body, err := json.Marshal(wish{[]string{a.cfg.Repository}, a.cfg.Permissions})
	if err != nil {
		return "", time.Time{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, bytes.NewReader(body))
	if err != nil {
		return "", time.Time{}, err
	}
	req.Header.Set("Authorization", "Bearer "+signed)
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		var at *url.Error
		if errors.As(err, &at) {
			err = at.Err // without the URL
		}
		return "", time.Time{}, fmt.Errorf("githubApp: %s cannot be asked for a token (%w); check apiUrl and the network", a.host(), err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		return "", time.Time{}, a.refused(res.StatusCode)
	}
	return a.read(res.Body)
}

// read takes the token out of the answer. Its text is never quoted.
func (a *App) read(r io.Reader) (string, time.Time, error) {
	var answer struct {
		Token     string    `json:"token"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	data, err := io.ReadAll(io.LimitReader(r, maxAnswer+1))
	switch {
	case err != nil || len(data) > maxAnswer || json.Unmarshal(data, &answer) != nil,
		answer.Token == "", strings.ContainsFunc(answer.Token, func(c rune) bool { return c <= ' ' || c > '~' }):
		return "", time.Time{}, fmt.Errorf("githubApp: the answer of %s holds no token; check that apiUrl is the base of GitHub's REST API", a.host())
	case !answer.ExpiresAt.After(a.cfg.Now()):
		return "", time.Time{}, fmt.Errorf("githubApp: %s gave a token that has ended by this machine's clock; set the clock", a.host())
	}
	return answer.Token, answer.ExpiresAt, nil
}

// refused says what GitHub means by a status.
func (a *App) refused(status int) error {
	what := "look at the app's settings, and try again later"
	switch {
	case status == http.StatusUnauthorized:
		what = "check appId, that the private key is one of this app, and this machine's clock"
	case status == http.StatusForbidden:
		what = "the installation may be suspended, or the app lacks the " + a.permission()
	case status == http.StatusNotFound:
		what = fmt.Sprintf("check installationId: app %d has no installation %d there", a.cfg.AppID, a.cfg.InstallationID)
	case status == http.StatusUnprocessableEntity:
		what = fmt.Sprintf("the installation must include the repository %q, with the %s", a.cfg.Repository, a.permission())
	case status >= 300 && status < 400:
		what = "it redirects, which is not followed; give apiUrl as it is"
	}
	return fmt.Errorf("githubApp: %s gave no token (%d %s): %s", a.host(), status, http.StatusText(status), what)
}

// permission is what the token is for, in the words of the app's settings.
func (a *App) permission() string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(a.cfg.Permissions)) {
		list = append(list, name+": "+a.cfg.Permissions[name])
	}
	return "permission " + strings.Join(list, ", ")
}
