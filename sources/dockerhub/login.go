package dockerhub

// Signing in to the API: POST /v2/auth/token gives a token of ten minutes for a user with a password or a personal access
// token, and for an organization with its access token. The older POST /v2/users/login is deprecated.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

const (
	// refreshAfter is how long a token is used, of the ten minutes that it is good.
	refreshAfter = 9 * time.Minute
	maxLogin     = 64 << 10 // bytes of an answer
)

// orgToken is how the access token of an organization begins.
const orgToken = "dckr_oat_" //nolint:gosec // a prefix and no credential

// session is who we are at the API.
type session struct {
	anonymous    *httpx.Client
	signed       *httpx.Client // sends the token of a request's context
	name, secret string        // no secret: nobody

	turn  chan struct{} // held by who looks at or changes what follows
	token string
	until time.Time
}

// bearer is the key of a context's token.
type bearer struct{}

func newSession(api *httpx.Client, name, secret string) (*session, error) {
	signed, err := api.Beside(api.URL("", nil), func(req *http.Request) {
		if token, ok := req.Context().Value(bearer{}).(string); ok && token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
	})
	return &session{anonymous: api, signed: signed, name: name, secret: secret, turn: make(chan struct{}, 1)}, err
}

// do makes a request as who we are, and once more with a new token when the token is refused.
func (s *session) do(ctx context.Context, request func(context.Context, *httpx.Client) error) error {
	refused := ""
	for {
		token, err := s.get(ctx, refused)
		if err != nil {
			return err
		}
		err = request(context.WithValue(ctx, bearer{}, token), s.signed)
		if status(err) != http.StatusUnauthorized || token == "" || refused != "" {
			return err
		}
		refused = token
	}
}

// get is a token that is good and is not the refused one; "" for nobody.
func (s *session) get(ctx context.Context, refused string) (string, error) {
	if s.secret == "" {
		return "", nil
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-s.turn }()
	if s.token != "" && s.token != refused && time.Now().Before(s.until) {
		return s.token, nil
	}
	began := time.Now()
	token, err := s.signIn(ctx)
	if err != nil {
		return "", err
	}
	s.token, s.until = token, began.Add(refreshAfter)
	return token, nil
}

func (s *session) signIn(ctx context.Context) (token string, err error) {
	question, _ := json.Marshal(map[string]string{"identifier": s.name, "secret": s.secret}) // texts always marshal
	header := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}
	err = s.anonymous.Query(ctx, s.anonymous.URL("v2/auth/token", nil), header, string(question), func(resp *http.Response) error {
		var answer struct {
			Token string `json:"access_token"`
		}
		body, err := io.ReadAll(io.LimitReader(resp.Body, maxLogin))
		if err != nil {
			return err
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && syntax.Offset >= int64(len(body)) {
				return io.ErrUnexpectedEOF
			}
			return errors.New("the answer to the sign-in is no JSON object")
		}
		token = answer.Token
		return nil
	})
	switch {
	case err == nil && (token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f })):
		err = errors.New("the answer to the sign-in has no token")
	case status(err) == http.StatusUnauthorized:
		err = s.refused(err)
	case err != nil && ctx.Err() == nil:
		err = fmt.Errorf("signing in to Docker Hub as %s: %w", s.name, err)
	}
	if err != nil && fault.CodeOf(err) == "" {
		err = fault.Because(artifact.SourceFailed, err)
	}
	return token, err
}

// refused says what to do about a sign-in that is refused.
func (s *session) refused(err error) error {
	advice := "is it the right user, and the token or password not withdrawn?"
	answer, ok := errors.AsType[*httpx.StatusError](err)
	switch {
	case ok && strings.Contains(answer.Body, "login_2fa_token"):
		advice = "the account needs a second factor: use a personal access token in place of the password"
	case strings.HasPrefix(s.secret, orgToken):
		advice = "an organization's access token goes with the organization's name as username, and ends when it is told to"
	case !strings.HasPrefix(s.secret, "dckr_"):
		advice = "an organization that enforces single sign-on takes no password: use a personal access token"
	}
	return fault.Stop(fault.Because(artifact.NotPermitted, fmt.Errorf("%q can not sign in to Docker Hub: %s: %w", s.name, advice, err)))
}
