package resolver

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// apiServer answers lists and watches of the EndpointSlices of one Service, as a kube-apiserver does.
type apiServer struct {
	t       *testing.T
	server  *httptest.Server
	account string

	mu      sync.Mutex
	slices  []string
	version int
	broken  int // answers everything with this status
	lists   int
	watches []chan string
}

func startAPIServer(t *testing.T) *apiServer {
	t.Helper()
	a := &apiServer{t: t, account: t.TempDir(), version: 10}
	a.server = httptest.NewTLSServer(http.HandlerFunc(a.answer))
	t.Cleanup(func() {
		a.endWatches()
		a.server.Close()
	})
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.server.Certificate().Raw})
	for name, content := range map[string]string{"ca.crt": string(certificate), "namespace": "prod\n", "token": "the-token\n"} {
		if err := os.WriteFile(filepath.Join(a.account, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	host, port, err := net.SplitHostPort(a.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBERNETES_SERVICE_HOST", host)
	t.Setenv("KUBERNETES_SERVICE_PORT", port)
	return a
}

func (a *apiServer) answer(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	broken := a.broken
	a.mu.Unlock()
	query := r.URL.Query()
	switch {
	case broken != 0:
		http.Error(w, "broken", broken)
	case r.URL.Path != "/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices",
		query.Get("labelSelector") != "kubernetes.io/service-name=orders",
		r.Header.Get("Authorization") != "Bearer the-token":
		http.Error(w, "unexpected", http.StatusBadRequest)
	case query.Get("watch") != "":
		a.stream(w, r)
	default:
		a.list(w, query.Get("continue"))
	}
}

// list answers page by page, with one slice each.
func (a *apiServer) list(w http.ResponseWriter, after string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lists++
	at := len(after)
	items, more := "", ""
	if at < len(a.slices) {
		items = a.slices[at]
	}
	if at+1 < len(a.slices) {
		more = strings.Repeat("x", at+1)
	}
	_, _ = fmt.Fprintf(w, `{"metadata":{"resourceVersion":"%d","continue":"%s"},"items":[%s]}`, a.version, more, items)
}

func (a *apiServer) stream(w http.ResponseWriter, r *http.Request) {
	events := make(chan string, 100)
	a.mu.Lock()
	a.watches = append(a.watches, events)
	a.mu.Unlock()
	w.(http.Flusher).Flush()
	for {
		select {
		case event, open := <-events:
			if !open {
				return
			}
			_, _ = fmt.Fprintln(w, event) // Its client may have left.
			w.(http.Flusher).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

// say sends an event on the newest watch.
func (a *apiServer) say(kind, object string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.watches[len(a.watches)-1] <- fmt.Sprintf(`{"type":"%s","object":%s}`, kind, object)
}

func (a *apiServer) endWatches() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, each := range a.watches {
		close(each)
	}
	a.watches = nil
}

func (a *apiServer) counts() (lists, watches int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lists, len(a.watches)
}

// sliceOf is an EndpointSlice with a port named grpc.
func sliceOf(name string, version int, endpoints ...string) string {
	return fmt.Sprintf(`{"metadata":{"name":"%s","resourceVersion":"%d","labels":{"kubernetes.io/service-name":"orders"}},
		"addressType":"IPv4","ports":[{"name":"grpc","port":50051,"protocol":"TCP"}],"endpoints":[%s]}`,
		name, version, strings.Join(endpoints, ","))
}

func endpoint(address, conditions string) string {
	return fmt.Sprintf(`{"addresses":["%s"],"conditions":{%s},"targetRef":{"kind":"Pod","name":"p"},"zone":"z"}`, address, conditions)
}

func (a *apiServer) set(slices ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.slices = slices
	a.version++
}

func (a *apiServer) breakWith(status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.broken = status
}

func TestEndpointSlices(t *testing.T) {
	api := startAPIServer(t)
	api.set(
		sliceOf("a", 1, endpoint("10.0.0.1", ""), endpoint("10.0.0.2", `"ready":false`)),
		sliceOf("b", 2, endpoint("10.0.0.3", `"ready":true,"serving":true,"terminating":false`), endpoint("10.0.0.4", `"terminating":true,"serving":true`)))
	log := &channel{t: t}
	builders := Builders(Options{Logger: slog.New(slog.NewTextHandler(log, nil))})
	c, _ := resolve(t, "kubernetes:///orders:grpc?account="+api.account, builders...)
	c.await("10.0.0.1:50051", "10.0.0.3:50051")
	watching := func(more int) func() bool {
		return func() bool {
			_, watches := api.counts()
			return watches >= more
		}
	}
	c.until("a watch", watching(1))

	api.say("MODIFIED", sliceOf("a", 11, endpoint("10.0.0.1", ""), endpoint("10.0.0.2", "")))
	c.await("10.0.0.1:50051", "10.0.0.2:50051", "10.0.0.3:50051")
	api.say("BOOKMARK", `{"metadata":{"resourceVersion":"12"}}`)
	api.say("ADDED", sliceOf("c", 13, endpoint("10.0.0.5", "")))
	api.say("DELETED", sliceOf("b", 14))
	c.await("10.0.0.1:50051", "10.0.0.2:50051", "10.0.0.5:50051")

	// A watch that ends in time goes on from where it was.
	lists, _ := api.counts()
	api.endWatches()
	c.until("another watch", watching(1))
	api.say("DELETED", sliceOf("c", 15))
	c.await("10.0.0.1:50051", "10.0.0.2:50051")
	if now, _ := api.counts(); now != lists {
		t.Errorf("lists: %d (expected: %d)", now, lists)
	}

	// The history is gone: everything is listed again.
	api.set(sliceOf("d", 20, endpoint("10.0.0.9", "")))
	api.say("ERROR", `{"kind":"Status","code":410}`)
	c.await("10.0.0.9:50051")

	// The API server is broken, then has nothing: the list stays, which is said once.
	c.until("a watch", watching(2))
	api.breakWith(http.StatusInternalServerError)
	api.endWatches()
	log.awaitLogged("registry_list_stale")
	lists, _ = api.counts()
	api.set()
	api.breakWith(0)
	c.until("a list of nothing", func() bool {
		now, watches := api.counts()
		return now > lists && watches > 0
	})
	c.await("10.0.0.9:50051")
	api.say("ADDED", sliceOf("e", 30, endpoint("10.0.0.10", "")))
	c.await("10.0.0.10:50051")
	if stale, fresh := log.logged("registry_list_stale"), log.logged("registry_list_fresh"); stale != 1 || fresh != 1 {
		t.Errorf("lines of a stale list: %d, of a fresh one: %d (expected: 1, 1)", stale, fresh)
	}
}

func TestNamesOfServices(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
	for path, want := range map[string][3]string{
		"orders":                             {"", "orders", ""},
		"orders.prod":                        {"prod", "orders", ""},
		"prod/orders":                        {"prod", "orders", ""},
		"orders.prod:grpc":                   {"prod", "orders", "grpc"},
		"orders.prod.svc.cluster.local:8080": {"prod", "orders", "8080"},
	} {
		opened, err := openKubernetes(target{scheme: "kubernetes", path: path})
		if err != nil {
			t.Fatal(err)
		}
		s := opened.(*kubernetesSource)
		if got := [3]string{s.namespace, s.service, s.mapper.port}; got != want {
			t.Errorf("%s: %v (expected: %v)", path, got, want)
		}
	}
}

func TestPortsOfSlices(t *testing.T) {
	all := func(ports string, more ...string) map[string]slice {
		slices := map[string]slice{}
		for i, text := range append([]string{`{"metadata":{"name":"a","resourceVersion":"1"},"addressType":"IPv4","ports":[` + ports +
			`],"endpoints":[{"addresses":["10.0.0.1"]}]}`}, more...) {
			var s slice
			if err := json.Unmarshal([]byte(text), &s); err != nil {
				t.Fatal(err)
			}
			slices[fmt.Sprint(i)] = s
		}
		return slices
	}
	two := `{"name":"http","port":80},{"name":"web","port":81}`
	for _, each := range []struct {
		port   string
		slices map[string]slice
		want   string
	}{
		{"", all(`{"name":"","port":80}`), "10.0.0.1:80"},
		{"", all(`{"name":"x","port":80},{"name":"y","port":80,"protocol":"UDP"}`), "10.0.0.1:80"},
		{"", all(`{"name":"http","port":80},{"name":"grpc","port":81}`), "10.0.0.1:81"},
		{"", all(`{"name":"http","port":80},{"name":"grpc-web","port":81}`), "10.0.0.1:81"},
		{"", all(`{"name":"http","port":80},{"name":"x","port":81,"appProtocol":"kubernetes.io/h2c"}`), "10.0.0.1:81"},
		{"", all(two), "port: not said (expected: http or 80, web or 81)"},
		{"web", all(two), "10.0.0.1:81"},
		{"80", all(two), "10.0.0.1:80"},
		{"82", all(two), `port: "82" (expected: http or 80, web or 81)`},
		{"other", all(two), `port: "other" (expected: http or 80, web or 81)`},
		{"82", all(""), "10.0.0.1:82"},
		{"", all(""), `port: "" (expected: a number, as the Service names no port)`},
		// Of two families one, and of two slices the newer one.
		{"x", all(`{"name":"x","port":80}`, `{"metadata":{"name":"b","resourceVersion":"2"},"addressType":"IPv6","ports":[{"name":"x","port":80}],"endpoints":[{"addresses":["fd00::1"]}]}`), "10.0.0.1:80"},
		{"x", all(`{"name":"x","port":80}`, `{"metadata":{"name":"b","resourceVersion":"10"},"addressType":"IPv4","ports":[{"name":"x","port":80}],"endpoints":[{"addresses":["10.0.0.1"],"conditions":{"terminating":true}}]}`), "10.0.0.1:80 draining"},
	} {
		list, err := sliceMapper{port: each.port, family: "IPv4"}.instances(each.slices)
		got := fmt.Sprint(err)
		if err == nil && len(list) == 1 {
			got = list[0].Address
			if list[0].Draining {
				got += " draining"
			}
		}
		if got != each.want {
			t.Errorf("port %q: %s, %v (expected: %s)", each.port, got, list, each.want)
		}
	}
}
