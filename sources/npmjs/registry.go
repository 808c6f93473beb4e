package npmjs

// Where npm itself would go, and as whom: the setting registry, or @scope:registry, and credentials keyed by the
// registry's address without scheme ("nerf dart"), found by walking its path upwards, as github.com/npm/npm-registry-fetch
// lib/auth.js does.

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"strings"

	"pkgferry/internal/httpx"
)

// Settings are what npm knows of a registry.
type Settings struct {
	URL string
	// Auth is nil when npm has no credentials for URL.
	Auth httpx.Auth
	// Secrets must appear nowhere.
	Secrets []string
}

// Registry finds the registry that npm would use for the scopes, or without any: the environment's, that of the .npmrc in
// home, or what "npm config get registry" answers.
func Registry(ctx context.Context, home string, environ []string, scopes ...string) (Settings, error) {
	settings, err := loadNpmrc(home, environ)
	if err != nil {
		return Settings{}, err
	}
	address, err := settings.scopeRegistry(scopes)
	if err != nil {
		return Settings{}, err
	}
	if address == "" {
		address = settings["registry"]
	}
	if address == "" {
		if address, err = askNPM(ctx, environ); err != nil {
			return Settings{}, err
		}
	}
	return settings.credentials(address)
}

// Credentials finds what npm would send to a registry whose address is known.
func Credentials(home string, environ []string, registry string) (Settings, error) {
	settings, err := loadNpmrc(home, environ)
	if err != nil {
		return Settings{}, err
	}
	return settings.credentials(registry)
}

// scopeRegistry is the registry that all scopes have in common; "" when none of them has its own.
func (n npmrc) scopeRegistry(scopes []string) (string, error) {
	common := ""
	for i, scope := range scopes {
		own := n["@"+strings.TrimPrefix(scope, "@")+":registry"]
		if i > 0 && own != common {
			return "", fmt.Errorf("npm has different registries for %s: make a source for each, with its url", strings.Join(scopes, ", "))
		}
		common = own
	}
	return common, nil
}

// askNPM knows npm's own default and the settings of the project and the machine.
func askNPM(ctx context.Context, environ []string) (string, error) {
	command := exec.CommandContext(ctx, "npm", "config", "get", "registry")
	command.Env = environ
	out, err := command.Output()
	if err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			err = errors.New("npm is not installed, and neither the environment nor .npmrc names a registry")
		}
		return "", fmt.Errorf("npm config get registry: %w: set url: in the configuration", err)
	}
	return strings.TrimSpace(string(out)), nil
}

func (n npmrc) credentials(address string) (Settings, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return Settings{}, errors.New("npm's registry setting is not an http or https address: set url: in the configuration")
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	found := Settings{URL: u.String()}
	host := u.Host
	if u.Scheme == "http" && u.Port() == "80" || u.Scheme == "https" && u.Port() == "443" {
		host = u.Host[:strings.LastIndexByte(u.Host, ':')]
	}
	for key := "//" + host + strings.TrimSuffix(u.EscapedPath(), "/") + "/"; len(key) > len("//"); key = parent(key) {
		var given bool
		if found.Auth, found.Secrets, given, err = n.at(key); given || err != nil {
			return found, err
		}
	}
	return found, nil
}

// parent takes the last segment off, or the slash behind it.
func parent(key string) string {
	if short, ok := strings.CutSuffix(key, "/"); ok {
		return short
	}
	return key[:strings.LastIndexByte(key, '/')+1]
}

// at reads the credentials stored under one key.
func (n npmrc) at(key string) (auth httpx.Auth, secrets []string, given bool, err error) {
	token, pair := n[key+":_authToken"], n[key+":_auth"]
	user, password := n[key+":username"], n[key+":_password"]
	switch {
	case token != "":
		if strings.Contains(token, "${") {
			return nil, nil, false, fmt.Errorf("npm's settings: the token of %s names a variable that is not set", key)
		}
		return httpx.Bearer(token), []string{token}, true, nil
	case pair != "":
		secrets = []string{pair}
		plain, _ := base64.StdEncoding.DecodeString(pair)
		if _, password, _ := strings.Cut(string(plain), ":"); password != "" {
			secrets = append(secrets, password)
		}
		return httpx.Header("Authorization", "Basic "+pair), secrets, true, nil
	case user != "" && password != "":
		plain, err := base64.StdEncoding.DecodeString(password)
		if err != nil {
			return nil, nil, false, fmt.Errorf("npm's settings: the _password of %s is not base64", key)
		}
		return httpx.Basic(user, string(plain)), []string{password, string(plain)}, true, nil
	}
	return nil, nil, false, nil
}
