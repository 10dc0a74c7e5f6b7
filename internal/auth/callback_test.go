package auth_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

// A visit is what a browser saw.
type visit struct {
	status int
	page   string
	err    error
}

// browse asks for address as a browser would, under the name host unless that is
// empty.
func browse(ctx context.Context, method, address, host string) visit {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return visit{err: err}
	}
	req.Host = host
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return visit{err: err}
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	return visit{resp.StatusCode, string(page), err}
}

// browseAside does the same while the test goes on.
func browseAside(ctx context.Context, address string) <-chan visit {
	seen := make(chan visit, 1)
	go func() { seen <- browse(ctx, http.MethodGet, address, "") }()
	return seen
}

type arrival struct {
	code string
	err  error
}

// begin returns a login that waits, and where its answer will be.
func begin(ctx context.Context, t *testing.T) (*auth.Callback, *auth.Authorization, <-chan arrival) {
	t.Helper()
	callback, err := auth.Listen(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { callback.Finish(nil) })
	a, err := auth.NewAuthorization(newFake(success).client(), auth.Parameters{}, callback.RedirectURI)
	if err != nil {
		t.Fatal(err)
	}
	arrived := make(chan arrival, 1)
	go func() {
		code, err := callback.Wait(ctx, a)
		arrived <- arrival{code, err}
	}()
	return callback, a, arrived
}

func TestCallbackShowsHowTheLoginEnded(t *testing.T) {
	tests := []struct {
		name    string
		verdict error
		want    string
	}{
		{"well", nil, "You are logged in"},
		{"badly", errors.New("s3cret reason"), "The login failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			callback, a, arrived := begin(t.Context(), t)
			seen := browseAside(t.Context(), callback.RedirectURI+"?code=code-1&state="+a.State)
			if got := <-arrived; got.code != "code-1" || got.err != nil {
				t.Fatalf("%+v; want the code", got)
			}
			select {
			case got := <-seen:
				t.Fatalf("a page before the exchange has ended: %+v", got)
			default:
			}
			callback.Finish(tt.verdict)
			got := <-seen
			if got.err != nil || !strings.Contains(got.page, tt.want) || strings.Contains(got.page, "s3cret") {
				t.Errorf("%+v; want %q", got, tt.want)
			}
		})
	}
}

func TestCallbackWaitsForItsOwnAnswer(t *testing.T) {
	callback, a, arrived := begin(t.Context(), t)
	mine := callback.RedirectURI + "?code=code-1&state=" + a.State
	u := must(url.Parse(callback.RedirectURI))
	for _, other := range []struct {
		method, address, host string
		status                int
	}{
		{http.MethodGet, callback.RedirectURI + "?code=code-2&state=x", "", http.StatusBadRequest},
		{http.MethodGet, callback.RedirectURI + "?error=access_denied", "", http.StatusBadRequest},
		{http.MethodGet, callback.RedirectURI, "", http.StatusBadRequest},
		{http.MethodGet, mine, "evil.example.com:" + u.Port(), http.StatusBadRequest},
		{http.MethodPost, mine, "", http.StatusMethodNotAllowed},
		{http.MethodGet, "http://" + u.Host + "/favicon.ico", "", http.StatusNotFound},
	} {
		got := browse(t.Context(), other.method, other.address, other.host)
		if got.err != nil || got.status != other.status || strings.Contains(got.page, "code-") {
			t.Errorf("%s %s: %+v; want %d", other.method, other.address, got, other.status)
		}
	}
	select {
	case got := <-arrived:
		t.Fatalf("%+v; want none of these taken for the answer", got)
	default:
	}

	seen := browseAside(t.Context(), mine)
	if got := <-arrived; got.code != "code-1" || got.err != nil {
		t.Fatalf("%+v; want the code", got)
	}
	if got := browse(t.Context(), http.MethodGet, mine, ""); got.status != http.StatusGone {
		t.Errorf("a second answer: %+v, want %d", got, http.StatusGone)
	}
	callback.Finish(nil)
	if got := <-seen; got.status != http.StatusOK {
		t.Errorf("the first answer: %+v, want %d", got, http.StatusOK)
	}
}

func TestCallbackBringsARefusal(t *testing.T) {
	callback, a, arrived := begin(t.Context(), t)
	seen := browseAside(t.Context(), callback.RedirectURI+"?error=access_denied&state="+a.State)
	got := <-arrived
	var refused *auth.Error
	if !errors.As(got.err, &refused) || refused.Code != auth.AccessDenied {
		t.Errorf("%+v; want the refusal", got)
	}
	callback.Finish(got.err)
	if page := <-seen; !strings.Contains(page.page, "failed") {
		t.Errorf("%+v; want the page of a failure", page)
	}
	if _, err := net.Dial("tcp4", must(url.Parse(callback.RedirectURI)).Host); err == nil {
		t.Error("the port is still open")
	}
}

func TestCallbackEndsWithItsContext(t *testing.T) {
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	_, _, arrived := begin(ctx, t)
	cancel(interrupted)
	if got := <-arrived; !errors.Is(got.err, interrupted) {
		t.Errorf("%+v; want %v", got, interrupted)
	}
}

func TestCallbackThatIsFinishedWaitsNoMore(t *testing.T) {
	callback, _, arrived := begin(t.Context(), t)
	callback.Finish(nil)
	if got := <-arrived; !errors.Is(got.err, net.ErrClosed) {
		t.Errorf("%+v; want %v", got, net.ErrClosed)
	}
}

func TestListenTakesTheFirstFreePort(t *testing.T) {
	busy, err := auth.Listen(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Finish(nil)
	taken := must(net.LookupPort("tcp", must(url.Parse(busy.RedirectURI)).Port()))

	second, err := auth.Listen(t.Context(), taken, 0)
	if err != nil {
		t.Fatal(err)
	}
	second.Finish(nil)
	if !strings.HasPrefix(second.RedirectURI, "http://127.0.0.1:") || second.RedirectURI == busy.RedirectURI {
		t.Errorf("redirect URI %s", second.RedirectURI)
	}

	if _, err := auth.Listen(t.Context(), taken); err == nil || !strings.HasPrefix(err.Error(), "none of the ports ") {
		t.Errorf("%v; want that none is free", err)
	}
}
