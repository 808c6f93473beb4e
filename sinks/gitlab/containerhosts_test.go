package gitlab_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
)

// at serves the stand-in at another address of this machine as well.
func (s server) at(t *testing.T, host string) string {
	t.Helper()
	listener, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	also := httptest.NewUnstartedServer(s.Server)
	_ = also.Listener.Close()
	also.Listener = listener
	also.Start()
	t.Cleanup(also.Close)
	return listener.Addr().String()
}

// setModes changes modes, given as pairs.
func (s server) setModes(t *testing.T, pairs ...string) {
	t.Helper()
	modes := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		modes[pairs[i]] = pairs[i+1]
	}
	text, err := json.Marshal(map[string]any{"mode": modes})
	if err != nil {
		t.Fatal(err)
	}
	s.mutate(t, string(text))
}

func (s server) foreignCredentials(t *testing.T) int {
	t.Helper()
	body := s.get(t, "stats")
	defer body.Close()
	var counts standin.Counts
	if err := json.NewDecoder(body).Decode(&counts); err != nil {
		t.Fatal(err)
	}
	return counts.ForeignCredentials
}

// Registry, uploads and object store of a self-managed GitLab may all have private addresses of their own. Each gets the
// credentials that are meant for it, and nothing else.
func TestRegistryAtOtherAddresses(t *testing.T) {
	s, m := startRegistry(t), sign("team/app")
	s.setModes(t, "registry.host", s.at(t, "127.0.0.2"), "registry.upload.host", s.at(t, "127.0.0.3"), "registry.store", "http://"+s.at(t, "127.0.0.4"))
	s.mustPublish(t, s.sink(t), m.samples...)
	again, one := s.sink(t), m.sample("team/app", "again", m.root) // looks for every blob, which the registry redirects
	made := s.since(t, func() {
		s.mustPublish(t, again, m.sample("team/app", "next", m.image("next", "base")))
		s.mustPublish(t, again, one)
	})
	if made["HEAD registry blob"] != 2 || made["HEAD registry store"]+made["GET registry store"] != 0 {
		t.Errorf("%v", made)
	}
	holding := look(t, again, s.destination(one.Package), one.Package)
	content, err := holding.Files[one.Files[0].Path].Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = content.Close() }()
	if text, err := io.ReadAll(content); err != nil || string(text) != string(m.images["manifests/"+m.root.digest()]) {
		t.Errorf("read back as %q, %v", text, err)
	}
	if n := s.foreignCredentials(t); n != 0 {
		t.Errorf("%d requests carried a credential to where it does not belong", n)
	}
}

// A token that expires before a layer is on its way is renewed, and the layer is sent again from its start.
func TestTokensThatExpireOnTheWay(t *testing.T) {
	for _, life := range []string{"20s", "5m"} {
		s, m := startRegistry(t, "registry.token", life, "registry.leeway", "0s"), images{}
		sink, one := s.sink(t), m.sample("app", "1.0", m.image("app", "one", "two"))
		late, opened := m.blob(layerType, "two").digest(), 0
		one.Content = func(f artifact.File) io.Reader {
			if f.Path == "blobs/"+late {
				opened++
			}
			if f.Path == "blobs/"+late && opened == 1 {
				resp, err := http.Post(s.url+"/_standin/clock", "application/json", strings.NewReader(`{"advance":"1h"}`))
				if err != nil {
					t.Error(err)
					return m.content(f)
				}
				_ = resp.Body.Close()
			}
			return m.content(f)
		}
		made := s.since(t, func() { s.mustPublish(t, sink, one) })
		if opened != 2 || made["PUT registry upload"] < 4 || made["GET jwt"] < 3 {
			t.Errorf("life %s: opened %d times, %v", life, opened, made)
		}
		if holding := look(t, sink, s.destination(one.Package), one.Package); holding.State != sinks.Ready {
			t.Errorf("state %v", holding.State)
		}
	}
}

func TestRefusedImages(t *testing.T) {
	for name, c := range map[string]struct {
		modes     []string
		mutate    string // %p is the project
		token     string
		held      bool // the tag is there already
		reason    artifact.Reason
		temporary bool
		says      string
		uploads   bool // it is known only after blobs were sent
	}{
		"reporter":        {token: "standin-reporter", reason: artifact.NotPermitted, says: "Developer"},
		"protected path":  {mutate: `{"protect":{"project":"%p","format":"container","pattern":"%p/team*","role":"admin"}}`, reason: artifact.Protected, says: "protected"},
		"protected tag":   {mutate: `{"protect_tag":{"project":"%p","pattern":"^1","push":"admin","delete":"admin"}}`, reason: artifact.Protected, says: "is protected", uploads: true},
		"immutable tag":   {mutate: `{"protect_tag":{"project":"%p","pattern":"^1"}}`, held: true, reason: artifact.Protected, says: "immutable", uploads: true},
		"no room":         {modes: []string{"storage", "full"}, reason: artifact.QuotaExceeded, says: "storage limit"},
		"turned off":      {mutate: `{"set":{"project":"%p","container_registry":"disabled"}}`, reason: artifact.NotPermitted, says: "container registry"},
		"no registry":     {modes: []string{"registry", "false"}, reason: artifact.NotPermitted, says: "container registry"},
		"archived":        {mutate: `{"set":{"project":"%p","archived":true}}`, reason: artifact.NotPermitted, says: "Developer"},
		"read-only":       {modes: []string{"registry.readonly", "true"}, reason: artifact.TargetFailed, temporary: true, says: "read-only", uploads: true},
		"being renamed":   {mutate: `{"set":{"project":"%p","renaming":true}}`, reason: artifact.TargetFailed, temporary: true, says: "renamed", uploads: true},
		"garbage locked":  {mutate: `{"fault":"503@manifest=1"}`, reason: artifact.TargetFailed, temporary: true, uploads: true},
		"too many":        {mutate: `{"fault":"429@upload=1"}`, reason: artifact.TargetFailed, temporary: true, uploads: true},
		"upload reset":    {mutate: `{"fault":"reset@upload=4"}`, reason: artifact.TargetFailed, temporary: true, uploads: true},
		"other bytes":     {mutate: `{"fault":"flip@upload=4"}`, reason: artifact.TargetMismatch, temporary: true, says: "changed on their way", uploads: true},
		"stored, no word": {mutate: `{"fault":"500@stored=1"}`, reason: artifact.TargetFailed, temporary: true, uploads: true},
	} {
		t.Run(name, func(t *testing.T) {
			s, m := startRegistry(t, c.modes...), images{}
			one := m.sample("team/app", "1.0", m.image("app", "layer"))
			if c.held {
				s.mustPublish(t, s.sink(t), m.sample("team/app", "1.0", m.image("other", "layer")))
			}
			if c.mutate != "" {
				s.mutate(t, strings.ReplaceAll(c.mutate, "%p", s.project))
			}
			secret := token
			if c.token != "" {
				secret = c.token
			}
			sink := s.sink(t, secret)
			var err error
			made := s.since(t, func() { err = s.publish(t, sink, one) })
			_, temporary := fault.IsTemporary(err)
			if err == nil || fault.CodeOf(err) != string(c.reason) || temporary != c.temporary || fault.IsStop(err) || fault.SideOf(err) != fault.Sink || !strings.Contains(err.Error(), c.says) {
				t.Errorf("reason %q, temporary %v, stop %v, side %q: %v", fault.CodeOf(err), temporary, fault.IsStop(err), fault.SideOf(err), err)
			}
			if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "eyJ") || strings.Contains(err.Error(), "_state=ey")) {
				t.Errorf("the error tells a credential: %v", err)
			}
			if (made["POST registry upload"] > 0) != c.uploads {
				t.Errorf("%v", made)
			}
			if strings.Contains(c.mutate, "fault") {
				s.mutate(t, `{"clear_faults":true}`)
				s.mustPublish(t, sink, one)
			}
		})
	}
}
