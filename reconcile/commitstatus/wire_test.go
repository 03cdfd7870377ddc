package commitstatus

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestNoClientFollowsARedirectAndNoneSpeaksToAnotherHost(t *testing.T) {
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another host was spoken to") }))
	defer thief.Close()
	host := httptest.NewServer(http.RedirectHandler(thief.URL, http.StatusFound))
	defer host.Close()
	s, err := New(Config{Provider: "github", API: host.URL, Repository: "net/addresses"})
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.open()
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	for name, client := range map[string]*http.Client{"for statuses": w.client(), "for tokens": w.plain()} {
		resp, err := client.Get(host.URL)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusFound {
			t.Errorf("the client %s got %d, %v", name, resp.StatusCode, err)
		}
	}
	resp, err := w.client().Get(thief.URL)
	if err == nil {
		_ = resp.Body.Close()
		t.Error("the client for statuses went to another host")
	}
}
