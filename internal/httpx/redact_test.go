package httpx

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestTextsWithoutCredentials(t *testing.T) {
	m := newMask([]string{"hunter2&co", "abc", ""})
	for text, want := range map[string]string{
		"nothing to hide":                                                          "nothing to hide",
		"password hunter2&co is wrong":                                             "password *** is wrong",
		"?p=hunter2%26co&q=1":                                                      "?p=***&q=1",
		`{"a":"hunter2\u0026co"}`:                                                  `{"a":"***"}`,
		"https://anna:pw@lab.example/x":                                            "https://***@lab.example/x",
		"https://lab.example/x?private_token=abcdef&page=2":                        "https://lab.example/x?private_token=***&page=2",
		"https://s3.example/b?X-Amz-Signature=00ff&X-Amz-Date=2026":                "https://s3.example/b?X-Amz-Signature=***&X-Amz-Date=***",
		"https://cdn.example/b?Expires=1&Signature=x~y&Key-Pair-Id=K1&Policy=zz":   "https://cdn.example/b?Expires=1&Signature=***&Key-Pair-Id=***&Policy=***",
		"Authorization: Bearer abcdef":                                             "Authorization: Bearer ***",
		`{"Authorization":"Basic YWJj","x":1}`:                                     `{"Authorization":"Basic ***","x":1}`,
		"authorization=Token abcdef":                                               "authorization=Token ***",
		"PRIVATE-TOKEN: abcdef":                                                    "PRIVATE-TOKEN: ***",
		"Job-Token: abcdef, Deploy-Token: ghijkl":                                  "Job-Token: ***, Deploy-Token: ***",
		"X-JFrog-Art-Api: abcdef":                                                  "X-JFrog-Art-Api: ***",
		`{"token":"abcdef","expires_in":300}`:                                      `{"token":"***","expires_in":300}`,
		"sent Bearer abcdefghij to it":                                             "sent Bearer *** to it",
		"glpat-abcdefghijklmnop is revoked":                                        "*** is revoked",
		"npm_abcdefghijklmnop is revoked":                                          "*** is revoked",
		"eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl":                                   "***",
		`{"error":"invalid_token","error_description":"Token was revoked"}`:        `{"error":"invalid_token","error_description":"Token was revoked"}`,
		`Bearer realm="https://lab.example/token",scope="repository:a:pull"`:       `Bearer realm="https://lab.example/token",scope="repository:a:pull"`,
		`{"message":"403 Forbidden - push policy: maintainers only"}`:              `{"message":"403 Forbidden - push policy: maintainers only"}`,
		"GET https://lab.example/a%2fb?continuationToken=35303a62&repository=raw1": "GET https://lab.example/a%2fb?continuationToken=***&repository=raw1",
	} {
		if got := m.text(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestAddressesWithoutCredentials(t *testing.T) {
	m := newMask([]string{"hunter2"})
	for at, want := range map[string]string{
		"https://anna:pw@lab.example/a%2fb?x=1":                                      "https://lab.example/a%2fb?x=1",
		"https://lab.example/a?continuationToken=35303a62&repository=raw":            "https://lab.example/a?continuationToken=35303a62&repository=raw",
		"https://lab.example/a?private_token=x&job_token=y&access_token=z&token=t":   "https://lab.example/a?private_token=***&job_token=***&access_token=***&token=***",
		"https://s3.example/b?X-Amz-Credential=a%2Fb&X-Amz-Signature=c&sig=d":        "https://s3.example/b?X-Amz-Credential=***&X-Amz-Signature=***&sig=***",
		"https://lab.example/v2/a/blobs/uploads/1?_state=x%3D%3D&digest=sha256%3A00": "https://lab.example/v2/a/blobs/uploads/1?_state=***&digest=sha256%3A00",
		"https://lab.example/hunter2/x":                                              "https://lab.example/***/x",
		"https://lab.example/x?%zz=1":                                                "https://lab.example/x?%zz=***",
	} {
		u := address(t, at)
		if got := m.url(u); got != want {
			t.Errorf("%s\n got %s\nwant %s", at, got, want)
		}
	}
}

func TestCredentialsThatWereSentAreKnown(t *testing.T) {
	for name, auth := range map[string]Auth{
		"basic": Basic("anna", "hunter2/secret"), "bearer": Bearer("hunter2/secret"), "header": Header("PRIVATE-TOKEN", "hunter2/secret"), "otp": Header("Npm-Otp", "hunter2/secret"),
	} {
		req := &http.Request{Header: http.Header{}}
		auth(req)
		sent := fmt.Sprint(req.Header)
		base := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			for _, values := range r.Header {
				fmt.Fprintln(w, values, "hunter2/secret", url.QueryEscape("hunter2/secret"))
			}
		})
		c := client(t, base, func(o *Options) { o.Auth = auth })
		_, err := c.Get(t.Context(), c.URL("x", nil), nil)
		if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), base64.StdEncoding.EncodeToString([]byte("anna:hunter2/secret"))) {
			t.Errorf("%s, sent %s: %v", name, sent, err)
		}
	}
}

func TestRememberedCredentialsAreBounded(t *testing.T) {
	m := newMask(nil)
	for i := range 10 * maxLearned {
		m.learn(http.Header{"Authorization": {fmt.Sprintf("Bearer token-%d", i)}})
	}
	if len(m.learned) != maxLearned || strings.Contains(m.text(fmt.Sprintf("x token-%d x", 10*maxLearned-1)), "token-") {
		t.Errorf("%d", len(m.learned))
	}
}

func TestASecretAtTheCapIsNotCutIntoAnUnknownOne(t *testing.T) {
	const secret = "correct-horse-battery-staple"
	for shift := range 2 * len(secret) {
		base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, strings.Repeat("x", maxErrorBody-shift)+strings.Repeat(secret+" ", 200))
		})
		c := client(t, base, func(o *Options) { o.Secrets = []string{secret} })
		_, err := c.Get(t.Context(), c.URL("x", nil), nil)
		status, ok := errors.AsType[*StatusError](err)
		if !ok {
			t.Fatal(err)
		}
		body := status.Body
		if strings.Contains(body, "corr") || strings.Contains(body, "staple") || len(body) > maxErrorBody {
			t.Fatalf("shift %d: …%s (%d bytes)", shift, body[maxErrorBody-60:], len(body))
		}
	}
}

func FuzzNoSecretSurvives(f *testing.F) {
	f.Add("hunter2&co", "before ", " after", "anna")
	f.Add("päss wörd/+=", `{"message":"`, `"}`, "")
	f.Add("aaaaaaaa", "aaa", "a", "a:b")
	f.Fuzz(func(t *testing.T, secret, before, after, user string) {
		if len(secret) < shortestSecret || strings.Contains(secret, "*") {
			return // too short, or like the mask itself
		}
		m := newMask([]string{secret})
		quoted, _ := json.Marshal(secret)
		for _, form := range []string{
			secret, url.QueryEscape(secret), url.PathEscape(secret), strings.Trim(string(quoted), `"`),
			base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
		} {
			for _, got := range []string{m.text(before + form + after), m.cut(before+form+after, false, maxErrorBody)} {
				if strings.Contains(got, secret) || len(form) >= shortestSecret && strings.Contains(got, form) {
					t.Fatalf("%q in %q", form, got)
				}
			}
		}
		if len(secret) >= 12 {
			basic := base64.StdEncoding.EncodeToString([]byte(user + ":" + secret))
			if got := m.text(before + " " + basic + " " + after); strings.Contains(got, basic) {
				t.Fatalf("%q in %q", basic, got)
			}
		}
		part := before + secret
		for n := range len(secret) - shortestSecret {
			tail := secret[:shortestSecret+n]
			if got := m.cut(before+tail, true, 1<<20); strings.HasSuffix(got, tail) && !strings.HasSuffix(before, tail) {
				t.Fatalf("%q ends %q, of %q", tail, got, part)
			}
		}
		u := &url.URL{Scheme: "https", Host: "lab.example", Path: "/" + before, RawQuery: "token=" + url.QueryEscape(secret), User: url.UserPassword("u", secret)}
		if got := m.url(u); strings.Contains(got, url.QueryEscape(secret)) {
			t.Fatalf("%q", got)
		}
	})
}
