package resolver

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// target is a service in a registry.
type target struct {
	scheme, authority string
	// path has the namespace's segments, and the service as the last one.
	path  string
	query url.Values
}

func (t target) String() string { return t.scheme + "://" + t.authority + "/" + t.path }

// parseTarget reads a target. What stands before an @ is never shown.
func parseTarget(from url.URL) (target, error) {
	t := target{scheme: from.Scheme, authority: from.Host, path: strings.Trim(from.Path, "/"), query: from.Query()}
	if t.path == "" {
		return t, fmt.Errorf("target: %s (expected: %s://authority/namespace/service)", t, t.scheme)
	}
	if from.User != nil {
		return t, fmt.Errorf("target: %s: a user before the host (expected: HOLDFAST_REGISTRY_USER)", t)
	}
	return t, nil
}

func parseRegistry(text string) (target, error) {
	if text == "" {
		return target{}, fmt.Errorf("not set (expected: a registry such as etcd://h1:2379/prod)")
	}
	parsed, err := url.Parse(text)
	if err != nil {
		// The text may have a password.
		return target{}, fmt.Errorf("unreadable (expected: a registry such as etcd://h1:2379/prod)")
	}
	if parsed.User != nil {
		return target{}, fmt.Errorf("a user before the host (expected: HOLDFAST_REGISTRY_USER)")
	}
	return target{scheme: parsed.Scheme, authority: parsed.Host, path: parsed.Path, query: parsed.Query()}, nil
}

// only fails for a parameter that is none of these. Those of registering are accepted, so that a
// registry is written once for all programs.
func (t target) only(names ...string) error {
	for name := range t.query {
		known := false
		for _, each := range names {
			known = known || each == name
		}
		if !known {
			return fmt.Errorf("parameter: %s (expected: %s)", name, strings.Join(names, ", "))
		}
	}
	return nil
}

var durationText = regexp.MustCompile(`^\d+(ms|s|m|h)$`)

// duration reads a parameter such as 250ms.
func (t target) duration(name string, otherwise, least, most time.Duration) (time.Duration, error) {
	text := t.query.Get(name)
	if text == "" {
		return otherwise, nil
	}
	value, err := time.ParseDuration(text)
	if err != nil || !durationText.MatchString(text) || value < least || value > most {
		return 0, fmt.Errorf("%s: %s (expected: %v to %v)", name, text, least, most)
	}
	return value, nil
}

// checkAddress fails for what is no host:port.
func checkAddress(text string) error {
	host, port, err := net.SplitHostPort(text)
	number, portErr := strconv.Atoi(port)
	if err != nil || portErr != nil || host == "" || number < 1 || number > 65535 || strings.ContainsAny(host, " /\t\n\"") {
		return fmt.Errorf("address: %s (expected: host:port, an IPv6 host in brackets)", shown(text))
	}
	return nil
}

const maxShown = 60

// shown is somebody else's text as a message has it.
func shown(text string) string {
	if len(text) > maxShown {
		text = text[:maxShown] + "..."
	}
	return strconv.Quote(text)
}
