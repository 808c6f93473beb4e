package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

// answered is a refusal of the registry.
func answered(status int, body string) *httpx.StatusError {
	e := &httpx.StatusError{Status: status, Method: http.MethodPut, URL: "https://registry.example/v2/a/manifests/1", Body: body, Header: http.Header{}, Name: "target gitlab"}
	if status == http.StatusUnauthorized && strings.Contains(body, `"UNAUTHORIZED"`) {
		e.Header.Set("WWW-Authenticate", `Bearer realm="https://other.example/jwt/auth",service="container_registry",error="invalid_token"`)
	}
	return e
}

func complaining(code, detail string) string {
	return fmt.Sprintf(`{"errors":[{"code":%q,"message":"what it means","detail":%s}]}`, code, detail)
}

func TestRefusal(t *testing.T) {
	for name, c := range map[string]struct {
		status    int
		body      string
		reason    artifact.Reason
		temporary bool
		says      string
	}{
		"protected tag":      {401, complaining("PROTECTED_TAG", `"tag \"v1\" is protected"`), artifact.Protected, false, `v1`},
		"immutable tag":      {401, complaining("IMMUTABLE_TAG", `{}`), artifact.Protected, false, "immutable"},
		"protected manifest": {401, complaining("PROTECTED_MANIFEST", `{}`), artifact.Protected, false, "protection"},
		"stale token":        {401, complaining("UNAUTHORIZED", `[]`), artifact.NotPermitted, true, "other.example"},
		"no challenge":       {401, "", artifact.NotPermitted, false, "does not accept"},
		"denied":             {403, complaining("DENIED", `null`), artifact.NotPermitted, false, "may not"},
		"a proxy's 403":      {403, "<html>Forbidden</html>", artifact.NotPermitted, false, "may not"},
		"name":               {400, complaining("NAME_INVALID", `"a"`), artifact.NameNotAllowed, false, ""},
		"tag":                {400, complaining("TAG_INVALID", `"a"`), artifact.VersionNotAllowed, false, ""},
		"manifest":           {400, complaining("MANIFEST_INVALID", `"errors verifying manifest"`), artifact.TargetRejected, false, "errors verifying manifest"},
		"unknown media type": {400, complaining("MANIFEST_INVALID", `"unknown media type: application/vnd.acme+json"`), artifact.MediaTypeUnsupported, false, "application/vnd.acme+json"},
		"manifest too large": {400, complaining("MANIFEST_SIZE_LIMIT", `{"limit":1000}`), artifact.ManifestTooLarge, false, "limit"},
		"collected":          {400, complaining("MANIFEST_BLOB_UNKNOWN", `"sha256:00"`), artifact.TargetFailed, true, "sha256:00"},
		"cut short":          {400, complaining("MANIFEST_BLOB_UNKNOWN", `"sha256:00"`)[:80], artifact.TargetFailed, true, "no longer has"},
		"other bytes":        {400, complaining("DIGEST_INVALID", `null`), artifact.TargetMismatch, true, "bytes"},
		"upload gone":        {404, complaining("BLOB_UPLOAD_UNKNOWN", `null`), artifact.TargetFailed, true, "upload"},
		"upload cancelled":   {404, complaining("BLOB_UPLOAD_INVALID", `null`), artifact.TargetFailed, true, "upload"},
		"range":              {416, "", artifact.TargetFailed, true, "upload"},
		"renaming":           {409, complaining("RENAME_IN_PROGRESS", `null`), artifact.TargetFailed, true, "renamed"},
		"read-only":          {405, "Method Not Allowed", artifact.TargetFailed, true, "read-only"},
		"a proxy's limit":    {413, "<html>too large</html>", artifact.FileTooLarge, false, "proxy"},
		"busy":               {429, complaining("TOOMANYREQUESTS", `null`), artifact.TargetFailed, true, ""},
		"lock":               {503, complaining("UNAVAILABLE", `null`), artifact.TargetFailed, true, ""},
		"failing":            {500, complaining("UNKNOWN", `{}`), artifact.TargetFailed, true, ""},
		"anything":           {418, "", artifact.TargetRejected, false, ""},
	} {
		err := refusal(fault.Stop(answered(c.status, c.body)))
		after, temporary := fault.IsTemporary(err)
		if fault.CodeOf(err) != string(c.reason) || temporary != c.temporary || fault.IsStop(err) || fault.SideOf(err) != fault.Sink || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: reason %q, temporary %v, stop %v, side %q: %v", name, fault.CodeOf(err), temporary, fault.IsStop(err), fault.SideOf(err), err)
		}
		if c.status == http.StatusMethodNotAllowed && after != time.Minute {
			t.Errorf("a read-only registry is asked again after %s", after)
		}
		if want := c.status == 401 && strings.Contains(c.body, "UNAUTHORIZED"); stale(err) != want {
			t.Errorf("%s: stale %v", name, !want)
		}
	}
}

func TestRefusalWithoutAnAnswer(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		err             error
		reason          artifact.Reason
		temporary, stop bool
	}{
		"connection":  {fault.Temporary(broken, 0), artifact.TargetFailed, true, false},
		"unreachable": {fault.Stop(broken), "", false, true},
		"cancelled":   {fmt.Errorf("x: %w", context.Canceled), "", false, false},
		"judged":      {fault.Because(artifact.Protected, broken), artifact.Protected, false, false},
	} {
		err := refusal(c.err)
		_, temporary := fault.IsTemporary(err)
		if fault.CodeOf(err) != string(c.reason) || temporary != c.temporary || fault.IsStop(err) != c.stop || !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if refusal(nil) != nil {
		t.Error("no error is one")
	}
}

func TestNextPage(t *testing.T) {
	at, _ := url.Parse("https://registry.example/v2/a/b/tags/list?n=1000")
	for link, want := range map[string]string{
		"": "",
		`</v2/a/b/tags/list?last=v9&n=1000>; rel="next"`:                        "https://registry.example/v2/a/b/tags/list?last=v9&n=1000",
		`<http://10.0.0.1:5000/v2/a/b/tags/list?last=v9&n=1000>; rel=next`:      "https://registry.example/v2/a/b/tags/list?last=v9&n=1000",
		`</x?before=v1>; rel="previous", </v2/a/b/tags/list?last=2>;rel="next"`: "https://registry.example/v2/a/b/tags/list?last=2",
		`</x?before=v1>; rel="previous"`:                                        "",
		`</v2/a/b/tags/list>; rel="next"`:                                       "https://registry.example/v2/a/b/tags/list",
		`<:>; rel="next"`:                                                       "error",
	} {
		next, err := nextPage(http.Header{"Link": {link}}, at)
		got := ""
		switch {
		case err != nil:
			got = "error"
		case next != nil:
			got = next.String()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", link, got, want)
		}
	}
}

func FuzzRefusal(f *testing.F) {
	f.Add(400, complaining("MANIFEST_INVALID", `"unknown media type: a/b"`))
	f.Add(401, complaining("PROTECTED_TAG", `{}`))
	f.Add(500, `{"errors":[{"code":"UNKNOWN","det`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		err := refusal(answered(status, body))
		if fault.CodeOf(err) == "" || fault.SideOf(err) != fault.Sink || fault.IsStop(err) {
			t.Errorf("status %d without a verdict: %v", status, err)
		}
	})
}

func FuzzNextPage(f *testing.F) {
	f.Add(`</v2/a/b/tags/list?last=v9&n=1000>; rel="next"`)
	at, _ := url.Parse("https://registry.example/v2/a/b/tags/list?n=1000")
	f.Fuzz(func(t *testing.T, link string) {
		if next, err := nextPage(http.Header{"Link": {link}}, at); err == nil && next != nil && (next.Host != at.Host || next.Path != at.Path) {
			t.Errorf("%s leads to %s", link, next)
		}
	})
}
