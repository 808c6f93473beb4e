package gitlab

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

// checkRegistryMode refuses values of the container registry's switches, which Help describes.
func checkRegistryMode(key, value string) error {
	switch key {
	case "registry", "registry.readonly":
		return among(value, "true", "false")
	case "registry.database":
		return among(value, "on", "off")
	case "registry.token.json":
		return among(value, "gitlab", "docker")
	case "storage":
		return among(value, "ok", "full")
	case "registry.host", "registry.upload.host":
		if u, err := url.Parse("http://" + value); err != nil || u.Host != value {
			return fmt.Errorf("%q is not HOST:PORT", value)
		}
	case "external_url", "registry.store":
		if u, err := url.Parse(value); err != nil || value != "" && u.Host == "" {
			return fmt.Errorf("%q is not a URL", value)
		}
	case "registry.token", "registry.leeway":
		d, err := time.ParseDuration(value)
		if err != nil || d%time.Second != 0 || d < 0 || d == 0 && key == "registry.token" {
			return fmt.Errorf("%q is not a number of whole seconds, such as 5m", value)
		}
	default:
		return errors.New("unknown")
	}
	return nil
}

// duration is the value of a switch that is one.
func (m *modes) duration(key string) time.Duration {
	d, _ := time.ParseDuration(m.get(key)) // checked by set
	return d
}
