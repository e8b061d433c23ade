// Package resolver has grpc-go resolvers for Holdfast's registries: etcd, directories of files and
// Kubernetes. They read the records that Holdfast's Java programs write, by the same targets
// (docs/targets.md):
//
//	etcd://h1,h2,h3:2379/prod/orders
//	file:///var/lib/holdfast/prod/orders
//	kubernetes:///orders.prod:grpc
//	holdfast:///orders                    in the registry of HOLDFAST_REGISTRY
//
// A list that worked stays while the registry is away, or has nothing to offer. Instances that drain,
// or are not ready, are left out.
package resolver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/resolver"
)

// Options are the settings of all resolvers. Zero means the default that stands with each.
type Options struct {
	// Logger gets a line when a list becomes stale and when it is no longer; slog.Default().
	Logger *slog.Logger
}

// Instance is a record of a registry.
type Instance struct {
	// Address is host:port, an IPv6 host in brackets.
	Address string
	// Ready is false for one that is not to get calls yet, Draining true for one that leaves.
	Ready, Draining bool
}

// Builders are the resolvers of all registries, for grpc.WithResolvers. They keep the lists that
// worked, so use the same ones for all channels of a process.
func Builders(options Options) []resolver.Builder {
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	kept := &keptLists{lists: map[string][]string{}}
	etcd := &builder{scheme: "etcd", open: openEtcd, logger: options.Logger, kept: kept}
	file := &builder{scheme: "file", open: openFile, logger: options.Logger, kept: kept}
	kubernetes := &builder{scheme: "kubernetes", open: openKubernetes, logger: options.Logger, kept: kept}
	named := &namedBuilder{[]*builder{etcd, file, kubernetes}}
	return []resolver.Builder{etcd, file, kubernetes, named}
}

// Register makes the resolvers known to all channels; call it before the first one is made.
func Register(options Options) {
	for _, each := range Builders(options) {
		resolver.Register(each)
	}
}

// source is a registry's list of one service.
type source interface {
	// watch tells each list of the service, until the context ends or it fails. Nil means that it is to
	// be called again at once.
	watch(ctx context.Context, tell func([]Instance)) error
}

type builder struct {
	scheme string
	open   func(target) (source, error)
	logger *slog.Logger
	kept   *keptLists
}

func (b *builder) Scheme() string { return b.scheme }

func (b *builder) Build(to resolver.Target, cc resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	parsed, err := parseTarget(to.URL)
	if err != nil {
		return nil, err
	}
	return b.build(parsed, cc)
}

func (b *builder) build(to target, cc resolver.ClientConn) (resolver.Resolver, error) {
	opened, err := b.open(to)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", to, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &live{
		name: to.String(), source: opened, cc: cc, logger: b.logger, kept: b.kept, cancel: cancel,
		now: make(chan struct{}, 1),
	}
	r.done.Add(1)
	go r.run(ctx)
	return r, nil
}

// namedBuilder resolves holdfast:///orders in the registry that the environment names.
type namedBuilder struct{ registries []*builder }

const registryVariable = "HOLDFAST_REGISTRY"

func (b *namedBuilder) Scheme() string { return "holdfast" }

func (b *namedBuilder) Build(to resolver.Target, cc resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	registry := os.Getenv(registryVariable)
	parsed, err := parseRegistry(registry)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", registryVariable, err)
	}
	service := strings.Trim(to.URL.Path, "/")
	if service == "" {
		return nil, fmt.Errorf("target: %s (expected: holdfast:///service)", to.URL.String())
	}
	parsed.path = strings.Trim(parsed.path, "/") + "/" + service
	for _, each := range b.registries {
		if each.scheme == parsed.scheme {
			return each.build(parsed, cc)
		}
	}
	return nil, fmt.Errorf("%s: scheme %s (expected: etcd, file or kubernetes)", registryVariable, parsed.scheme)
}

const (
	firstPause   = 100 * time.Millisecond
	longestPause = 2 * time.Second
	// The targets whose last lists are kept; with one more all are forgotten.
	maxKept = 1_000
)

var errNone = errors.New("no instance is ready")

// keptLists are the last lists that had something, by target: a channel that was idle finds what it had.
type keptLists struct {
	mu    sync.Mutex
	lists map[string][]string
}

func (k *keptLists) get(name string) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lists[name]
}

func (k *keptLists) put(name string, addresses []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, known := k.lists[name]; !known && len(k.lists) >= maxKept {
		clear(k.lists)
	}
	k.lists[name] = addresses
}

// live is the resolver of one channel.
type live struct {
	name   string
	source source
	cc     resolver.ClientConn
	logger *slog.Logger
	kept   *keptLists
	cancel context.CancelFunc
	done   sync.WaitGroup
	now    chan struct{} // ends a pause

	// Used by run alone.
	shown    []string // what the channel has
	stale    bool     // the list is older than the last answer, as the log says
	missing  bool     // there is none, as the log says
	attempts int
}

// ResolveNow shortens the pause after a failure.
func (r *live) ResolveNow(resolver.ResolveNowOptions) {
	select {
	case r.now <- struct{}{}:
	default:
	}
}

// Close ends the resolver and waits until it says nothing more.
func (r *live) Close() {
	r.cancel()
	r.done.Wait()
}

func (r *live) run(ctx context.Context) {
	defer r.done.Done()
	for ctx.Err() == nil {
		err := r.source.watch(ctx, r.take)
		if ctx.Err() != nil || err == nil {
			continue
		}
		r.failed(err)
		r.pause(ctx)
	}
}

// pause waits a random time that doubles with each failure in a row.
func (r *live) pause(ctx context.Context) {
	most := min(longestPause, firstPause<<min(r.attempts, 10))
	r.attempts++
	timer := time.NewTimer(firstPause/2 + rand.N(most))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-r.now:
		// However often a channel asks, a registry is not asked without any pause.
		select {
		case <-ctx.Done():
		case <-time.After(firstPause):
		}
	}
}

func (r *live) take(list []Instance) {
	r.attempts = 0
	var addresses []string
	for _, each := range list {
		if each.Ready && !each.Draining {
			addresses = append(addresses, each.Address)
		}
	}
	slices.Sort(addresses)
	addresses = slices.Compact(addresses)
	if len(addresses) == 0 {
		r.failed(errNone)
		return
	}
	if r.stale {
		r.stale = false
		r.logger.Info("event=registry_list_fresh", "target", r.name, "instances", len(addresses))
	}
	r.kept.put(r.name, addresses)
	r.show(addresses)
}

// failed keeps the list that worked, if there is one.
func (r *live) failed(why error) {
	kept := r.shown
	if kept == nil {
		kept = r.kept.get(r.name)
	}
	if kept == nil {
		if !r.missing {
			r.missing = true
			r.logger.Warn("event=registry_list_missing", "target", r.name, "cause", why.Error())
		}
		r.cc.ReportError(fmt.Errorf("%s: %w", r.name, why))
		return
	}
	if !r.stale {
		r.stale = true
		r.logger.Warn("event=registry_list_stale", "target", r.name, "kept", len(kept), "cause", why.Error())
	}
	r.show(kept)
}

func (r *live) show(addresses []string) {
	if slices.Equal(addresses, r.shown) {
		return
	}
	r.shown = addresses
	state := resolver.State{Endpoints: make([]resolver.Endpoint, 0, len(addresses))}
	for _, each := range addresses {
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: each}}})
	}
	if err := r.cc.UpdateState(state); err != nil {
		// The channel's balancer refused it, and asks again by ResolveNow; the list is none of its reasons.
		r.logger.Warn("event=registry_list_refused", "target", r.name, "cause", err.Error())
	}
}
