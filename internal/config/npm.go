package config

// npm's own settings: where npm would look for packages, and who it would be there (npm/cli: docs/content/configuring-npm/npmrc.md
// and lib/utils; environment variables npm_config_*). So mirrors and tokens that people already have just work.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// NPM finds the registry that npm uses for the given scopes, and npm's login there.
func NPM(ctx context.Context, scopes []string, lookup func(string) (string, bool)) (*url.URL, Login, error) {
	settings := npmSettings(lookup)
	address := scopeRegistry(settings, scopes)
	for _, name := range []string{"npm_config_registry", "NPM_CONFIG_REGISTRY"} {
		if value, _ := lookup(name); address == "" {
			address = value
		}
	}
	if address == "" {
		address = settings["registry"]
	}
	if address == "" {
		address, _ = Command{Words: []string{"npm", "config", "get", "registry"}}.run(ctx, "")
	}
	if address == "" {
		return nil, Login{}, errors.New("npm's own settings name no registry: set url")
	}
	registry, err := parseAddress(address)
	if err != nil {
		return nil, Login{}, errors.New("the registry in npm's own settings: " + err.Error())
	}
	login, err := npmLogin(settings, registry)
	return registry, login, err
}

// scopeRegistry is the registry that all scopes share; "" when they do not.
func scopeRegistry(settings map[string]string, scopes []string) string {
	shared := ""
	for _, scope := range scopes {
		address := settings[scope+":registry"]
		if address == "" || shared != "" && shared != address {
			return ""
		}
		shared = address
	}
	return shared
}

// npmSettings reads the user's .npmrc; a file that is missing or unreadable says nothing.
func npmSettings(lookup func(string) (string, bool)) map[string]string {
	path, _ := lookup("NPM_CONFIG_USERCONFIG")
	if lower, ok := lookup("npm_config_userconfig"); ok {
		path = lower
	}
	if path == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil
		}
		path = filepath.Join(home, ".npmrc")
	}
	text, err := readSmall(path, maxFile)
	if err != nil {
		return nil
	}
	return parseNPMRC(text, lookup)
}

// parseNPMRC reads lines of key = value; a later line wins. ${NAME} is a variable, and stays as it is when there is none.
func parseNPMRC(text []byte, lookup func(string) (string, bool)) map[string]string {
	settings := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxFile)
	for lines.Scan() {
		key, value, ok := strings.Cut(lines.Text(), "=")
		key = strings.TrimSpace(key)
		if !ok || strings.HasPrefix(key, ";") || strings.HasPrefix(key, "#") {
			continue
		}
		value = strings.Trim(strings.TrimSpace(value), `"`)
		settings[key] = environment.ReplaceAllStringFunc(value, func(ref string) string {
			if got, ok := lookup(ref[2 : len(ref)-1]); ok {
				return got
			}
			return ref
		})
	}
	return settings
}

// npmLogin finds the credentials for registry: those of its longest prefix, "//host/path/:_authToken" and its kin.
func npmLogin(settings map[string]string, registry *url.URL) (Login, error) {
	for path := strings.TrimSuffix(registry.Path, "/"); ; path = path[:strings.LastIndexByte(path, '/')] {
		prefix := "//" + registry.Host + path + "/:"
		if token := settings[prefix+"_authToken"]; token != "" {
			return Login{Token: token}, checkSecret(token)
		}
		if auth := settings[prefix+"_auth"]; auth != "" {
			pair, err := base64.StdEncoding.DecodeString(auth)
			user, password, ok := strings.Cut(string(pair), ":")
			if err != nil || !ok {
				return Login{}, errors.New("the _auth in npm's own settings is not what npm writes")
			}
			return Login{Username: user, Password: password}, checkSecret(password)
		}
		if user := settings[prefix+"username"]; user != "" {
			password, err := base64.StdEncoding.DecodeString(settings[prefix+"_password"])
			if err != nil {
				return Login{}, errors.New("the _password in npm's own settings is not what npm writes")
			}
			return Login{Username: user, Password: string(password)}, checkSecret(string(password))
		}
		if path == "" {
			return Login{}, nil
		}
	}
}
