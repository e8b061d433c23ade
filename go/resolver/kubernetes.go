package resolver

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	kubernetesAccount  = "/var/run/secrets/kubernetes.io/serviceaccount"
	kubernetesPage     = "500"
	kubernetesMaxBody  = 64 << 20
	kubernetesMaxSlice = 10_000
)

// kubernetesSource follows the EndpointSlices of a Service, with the service account of this pod.
type kubernetesSource struct {
	server         string
	account        string
	service        string
	namespace      string // "" for the account's
	mapper         sliceMapper
	requestTimeout time.Duration
	watchTimeout   time.Duration
	silence        time.Duration
	relist         time.Duration
}

func openKubernetes(t target) (source, error) {
	if err := t.only("account", "family", "request-timeout", "watch-timeout", "silence", "relist"); err != nil {
		return nil, err
	}
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" {
		return nil, errors.New("KUBERNETES_SERVICE_HOST: not set (expected: that of a pod; kubeconfig files are read by the Java programs)")
	}
	if port == "" {
		port = "443"
	}
	s := &kubernetesSource{server: "https://" + net.JoinHostPort(host, port), account: kubernetesAccount}
	if account := t.query.Get("account"); account != "" {
		s.account = account
	}
	if err := s.name(t); err != nil {
		return nil, err
	}
	s.mapper.family = "IPv4"
	if strings.Contains(host, ":") {
		s.mapper.family = "IPv6"
	}
	switch family := t.query.Get("family"); family {
	case "":
	case "ipv4":
		s.mapper.family = "IPv4"
	case "ipv6":
		s.mapper.family = "IPv6"
	default:
		return nil, fmt.Errorf("family: %s (expected: ipv4 or ipv6)", family)
	}
	for _, each := range []struct {
		name             string
		to               *time.Duration
		otherwise, least time.Duration
		most             time.Duration
	}{
		{"request-timeout", &s.requestTimeout, 5 * time.Second, 100 * time.Millisecond, time.Minute},
		{"watch-timeout", &s.watchTimeout, time.Minute, 10 * time.Second, time.Hour},
		{"silence", &s.silence, 130 * time.Second, 200 * time.Millisecond, time.Hour},
		{"relist", &s.relist, 10 * time.Minute, time.Second, 24 * time.Hour},
	} {
		value, err := t.duration(each.name, each.otherwise, each.least, each.most)
		if err != nil {
			return nil, err
		}
		*each.to = value
	}
	return s, nil
}

// name reads orders.prod:grpc, prod/orders:grpc and orders.
func (s *kubernetesSource) name(t target) error {
	path, port, _ := strings.Cut(t.path, ":")
	s.mapper.port = port
	segments := strings.Split(path, "/")
	switch {
	case t.authority != "" || len(segments) > 2:
		return fmt.Errorf("target: %s (expected: kubernetes:///service.namespace:port)", t)
	case len(segments) == 2:
		s.namespace, s.service = segments[0], segments[1]
	default:
		s.service, s.namespace, _ = strings.Cut(path, ".")
		s.namespace, _, _ = strings.Cut(s.namespace, ".")
	}
	return nil
}

// client reads what rotates in the account's folder.
func (s *kubernetesSource) client() (*http.Client, error) {
	pem, err := os.ReadFile(filepath.Join(s.account, "ca.crt"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate", filepath.Join(s.account, "ca.crt"))
	}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
		Proxy:             nil,
		DialContext:       (&net.Dialer{Timeout: s.requestTimeout}).DialContext,
	}}, nil
}

func (s *kubernetesSource) get(ctx context.Context, client *http.Client, query url.Values) (*http.Response, error) {
	namespace := s.namespace
	if namespace == "" {
		content, err := os.ReadFile(filepath.Join(s.account, "namespace"))
		if err != nil {
			return nil, err
		}
		namespace = strings.TrimSpace(string(content))
	}
	token, err := os.ReadFile(filepath.Join(s.account, "token"))
	if err != nil {
		return nil, err
	}
	query.Set("labelSelector", "kubernetes.io/service-name="+s.service)
	address := s.server + "/apis/discovery.k8s.io/v1/namespaces/" + url.PathEscape(namespace) + "/endpointslices?" + query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	request.Header.Set("Accept", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close() // It says no more than the status.
		return nil, &apiError{response.StatusCode}
	}
	return response, nil
}

// apiError is an answer of the API server that is no list.
type apiError struct{ code int }

func (e *apiError) Error() string {
	return fmt.Sprintf("the API server says %d %s", e.code, http.StatusText(e.code))
}

// watch lists the slices and follows their changes, for relist at most.
func (s *kubernetesSource) watch(ctx context.Context, tell func([]Instance)) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	slices, version, err := s.list(ctx, client)
	if err != nil {
		return err
	}
	for end := time.Now().Add(s.relist); ; {
		instances, err := s.mapper.instances(slices)
		if err != nil {
			return err
		}
		tell(instances)
		if !time.Now().Before(end) || ctx.Err() != nil {
			return nil
		}
		if version, err = s.follow(ctx, client, slices, version, tell); err != nil {
			var answer *apiError
			if errors.As(err, &answer) && answer.code == http.StatusGone {
				return nil // The history is gone: list again.
			}
			return err
		}
	}
}

func (s *kubernetesSource) list(ctx context.Context, client *http.Client) (map[string]slice, string, error) {
	slices := map[string]slice{}
	query := url.Values{"limit": {kubernetesPage}}
	for {
		var page struct {
			Metadata struct{ ResourceVersion, Continue string }
			Items    []slice
		}
		if err := s.read(ctx, client, query, &page); err != nil {
			return nil, "", err
		}
		for _, each := range page.Items {
			slices[each.Metadata.Name] = each
		}
		if len(slices) > kubernetesMaxSlice {
			return nil, "", fmt.Errorf("slices: more than %d", kubernetesMaxSlice)
		}
		if page.Metadata.Continue == "" {
			return slices, page.Metadata.ResourceVersion, nil
		}
		query.Set("continue", page.Metadata.Continue)
	}
}

func (s *kubernetesSource) read(ctx context.Context, client *http.Client, query url.Values, into any) error {
	ctx, cancel := context.WithTimeout(ctx, s.requestTimeout)
	defer cancel()
	response, err := s.get(ctx, client, query)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // It was read.
	content, err := io.ReadAll(io.LimitReader(response.Body, kubernetesMaxBody))
	if err != nil {
		return err
	}
	return json.NewDecoder(bytes.NewReader(content)).Decode(into)
}

// follow applies the events of one watch, and returns the version to go on from when it ends in time.
func (s *kubernetesSource) follow(
	ctx context.Context, client *http.Client, slices map[string]slice, version string, tell func([]Instance),
) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silent := time.AfterFunc(s.requestTimeout, cancel)
	defer silent.Stop()
	response, err := s.get(ctx, client, url.Values{
		"watch": {"1"}, "allowWatchBookmarks": {"true"}, "resourceVersion": {version},
		"timeoutSeconds": {fmt.Sprint(int(s.watchTimeout.Seconds()))},
	})
	if err != nil {
		return version, err
	}
	defer func() { _ = response.Body.Close() }() // Its end was read, or is not wanted.
	for events := json.NewDecoder(response.Body); ; {
		silent.Reset(min(s.silence, s.watchTimeout+s.requestTimeout))
		var event struct {
			Type   string
			Object json.RawMessage
		}
		if err := events.Decode(&event); errors.Is(err, io.EOF) {
			return version, nil
		} else if err != nil {
			return version, err
		}
		if event.Type == "ERROR" {
			var status struct{ Code int }
			if err := json.Unmarshal(event.Object, &status); err != nil {
				return version, err
			}
			return version, &apiError{status.Code}
		}
		var changed slice
		if err := json.Unmarshal(event.Object, &changed); err != nil {
			return version, err
		}
		version = changed.Metadata.ResourceVersion
		switch event.Type {
		case "ADDED", "MODIFIED":
			slices[changed.Metadata.Name] = changed
		case "DELETED":
			delete(slices, changed.Metadata.Name)
		default: // BOOKMARK
			continue
		}
		instances, err := s.mapper.instances(slices)
		if err != nil {
			return version, err
		}
		tell(instances)
	}
}
