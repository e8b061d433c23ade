package resolver

import (
	"bytes"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"
)

const patience = 30 * time.Second

// channel is what a resolver tells a gRPC channel.
type channel struct {
	t *testing.T

	mu        sync.Mutex
	addresses []string
	updates   int
	err       error
	log       bytes.Buffer
}

func (c *channel) UpdateState(state resolver.State) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.addresses = nil
	for _, each := range state.Endpoints {
		c.addresses = append(c.addresses, each.Addresses[0].Addr)
	}
	c.updates++
	return nil
}

func (c *channel) ReportError(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

func (c *channel) NewAddress([]resolver.Address) {}

func (c *channel) ParseServiceConfig(string) *serviceconfig.ParseResult { return nil }

// Write takes lines of the log.
func (c *channel) Write(line []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log.Write(line)
}

func (c *channel) logged(event string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Count(c.log.String(), event)
}

// awaitLogged waits for a line of the log, which is the first of its kind.
func (c *channel) awaitLogged(event string) {
	c.t.Helper()
	c.until("a line "+event, func() bool { return strings.Count(c.log.String(), event) == 1 })
}

// await waits for a list.
func (c *channel) await(want ...string) {
	c.t.Helper()
	slices.Sort(want)
	c.until("addresses "+strings.Join(want, " "), func() bool { return slices.Equal(c.addresses, want) })
}

func (c *channel) until(what string, fact func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		c.mu.Lock()
		ok, addresses, err := fact(), c.addresses, c.err
		c.mu.Unlock()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%s: not within %v; %d addresses such as %v, error %v", what, patience, len(addresses), addresses[:min(3, len(addresses))], err)
		}
	}
}

// resolve begins to resolve a target, with builders of its own unless some are given.
func resolve(t *testing.T, text string, builders ...resolver.Builder) (*channel, resolver.Resolver) {
	t.Helper()
	c := &channel{t: t}
	parsed, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if builders == nil {
		builders = Builders(Options{Logger: slog.New(slog.NewTextHandler(c, nil))})
	}
	for _, each := range builders {
		if each.Scheme() == parsed.Scheme {
			r, err := each.Build(resolver.Target{URL: *parsed}, c, resolver.BuildOptions{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(r.Close)
			return c, r
		}
	}
	t.Fatalf("no resolver of %s", parsed.Scheme)
	return nil, nil
}

func TestBadTargetsAreRefusedByName(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
	for text, want := range map[string]string{
		"etcd://h1:2379/":                            "etcd://h1:2379/ (expected: etcd://authority/namespace/service)",
		"etcd://me:secret@h1/prod/orders":            "HOLDFAST_REGISTRY_USER",
		"etcd://h1/prod/orders?relist=1d":            "relist: 1d (expected: 1s to 1h0m0s)",
		"etcd://h1/prod/orders?watch=1s":             "parameter: watch",
		"etcd://h1/prod/orders?endpoints=h2:x":       `address: "h2:x"`,
		"file://host/prod/orders":                    "authority: host (expected: none",
		"file:///prod/orders?poll=1ms":               "poll: 1ms (expected: 10ms to 1m0s)",
		"kubernetes:///a/b/c":                        "expected: kubernetes:///service.namespace:port",
		"kubernetes:///orders.prod:grpc?family=ipv5": "family: ipv5 (expected: ipv4 or ipv6)",
	} {
		parsed, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, each := range Builders(Options{}) {
			if each.Scheme() != parsed.Scheme {
				continue
			}
			_, err := each.Build(resolver.Target{URL: *parsed}, &channel{t: t}, resolver.BuildOptions{})
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v (expected: %s)", text, err, want)
			}
		}
	}
}

func TestEtcdMembers(t *testing.T) {
	for text, want := range map[string][]string{
		"h1":                    {"h1:2379"},
		"h1,h2,h3:1234":         {"h1:1234", "h2:1234", "h3:1234"},
		"[fd00::1],[fd00::2]:7": {"[fd00::1]:7", "[fd00::2]:7"},
	} {
		members, err := etcdMembers(text, "")
		if err != nil || !slices.Equal(members, want) {
			t.Errorf("%s: %v, %v (expected: %v)", text, members, err, want)
		}
	}
	if members, err := etcdMembers("h1:1", "h2:2,h3"); err != nil || !slices.Equal(members, []string{"h1:1", "h2:2", "h3:1"}) {
		t.Errorf("endpoints: %v, %v", members, err)
	}
}

func TestEtcdRecords(t *testing.T) {
	for text, want := range map[string]Instance{
		`{"Op":0,"Addr":"10.0.0.7:50051","Metadata":null,"Holdfast":{"instance":"i","zone":"eu-1a","weight":1,"ready":true,"draining":false,"metadata":{"version":"1.2"}}}`: {"10.0.0.7:50051", true, false},
		`{"Op":0,"Addr":"10.0.0.7:50051","Metadata":{"weight":{"deep":1}}}`:                                                                                                 {"10.0.0.7:50051", true, false},
		`{"Addr":"[fd00::7]:50051","Holdfast":{"draining":true}}`:                                                                                                           {"[fd00::7]:50051", true, true},
		`{"Addr":"a:1","Holdfast":{"ready":false}}`:                                                                                                                         {"a:1", false, false},
		"  10.0.0.7:50051\n": {"10.0.0.7:50051", true, false},
		`"10.0.0.7:50051"`:   {"10.0.0.7:50051", true, false},
	} {
		if instance, err := parseEtcdRecord([]byte(text)); err != nil || instance != want {
			t.Errorf("%s: %v, %v (expected: %v)", text, instance, err, want)
		}
	}
	for _, text := range []string{"", "{", `{"Op":0}`, "nobody", "a:0", "a:65536", `{"Addr":"a b:1"}`} {
		if instance, err := parseEtcdRecord([]byte(text)); err == nil {
			t.Errorf("%q: %v (expected: an error)", text, instance)
		}
	}
}
