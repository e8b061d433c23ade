package resolver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
)

const (
	etcdPort       = "2379"
	etcdPage       = 1_000
	etcdMaxRecords = 100_000
	etcdMaxMessage = 32 << 20
	// A third of what an etcd server allows at most.
	etcdKeepalive = 10 * time.Second
)

// etcdSource reads the records prefix + host:port of an etcd cluster, by its gRPC API.
type etcdSource struct {
	members        []string
	prefix         string
	credentials    credentials.TransportCredentials
	requestTimeout time.Duration
	relist         time.Duration
}

func openEtcd(t target) (source, error) {
	if err := t.only("endpoints", "ttl", "lease", "request-timeout", "relist", "tls", "ca", "cert", "key"); err != nil {
		return nil, err
	}
	s := &etcdSource{prefix: t.path + "/"}
	var err error
	if s.members, err = etcdMembers(t.authority, t.query.Get("endpoints")); err != nil {
		return nil, err
	}
	if s.requestTimeout, err = t.duration("request-timeout", 3*time.Second, 100*time.Millisecond, time.Minute); err != nil {
		return nil, err
	}
	if s.relist, err = t.duration("relist", 5*time.Minute, time.Second, time.Hour); err != nil {
		return nil, err
	}
	s.credentials, err = etcdCredentials(t)
	return s, err
}

// etcdMembers are the hosts of an authority, whose last port counts for those without one, and the
// further ones of a parameter.
func etcdMembers(authority, more string) ([]string, error) {
	port := etcdPort
	hosts := strings.Split(authority, ",")
	if _, last, err := net.SplitHostPort(hosts[len(hosts)-1]); err == nil {
		port = last
	}
	if more != "" {
		hosts = append(hosts, strings.Split(more, ",")...)
	}
	members := make([]string, 0, len(hosts))
	for _, host := range hosts {
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), port)
		}
		if err := checkAddress(host); err != nil {
			return nil, err
		}
		members = append(members, host)
	}
	return members, nil
}

func etcdCredentials(t target) (credentials.TransportCredentials, error) {
	ca, cert, key := t.query.Get("ca"), t.query.Get("cert"), t.query.Get("key")
	if said := t.query.Get("tls"); said != "true" && ca == "" && cert == "" {
		if said != "" && said != "false" {
			return nil, fmt.Errorf("tls: %s (expected: true or false)", said)
		}
		return insecure.NewCredentials(), nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca: %s has no certificate", ca)
		}
	}
	if cert != "" {
		if _, err := tls.LoadX509KeyPair(cert, key); err != nil {
			return nil, fmt.Errorf("cert and key: %w", err)
		}
		// Read for each connection, as the files change.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(cert, key)
			return &pair, err
		}
	}
	return credentials.NewTLS(config), nil
}

func (s *etcdSource) connect() (*grpc.ClientConn, error) {
	members := manual.NewBuilderWithScheme("etcd-members")
	state := resolver.State{}
	for _, i := range rand.Perm(len(s.members)) {
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: s.members[i]}}})
	}
	members.InitialState(state)
	host, _, _ := net.SplitHostPort(s.members[0]) // It was checked.
	return grpc.NewClient("etcd-members:///"+host,
		grpc.WithResolvers(members), grpc.WithTransportCredentials(s.credentials), grpc.WithNoProxy(),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: etcdKeepalive, Timeout: s.requestTimeout}),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(etcdCodec{}), grpc.MaxCallRecvMsgSize(etcdMaxMessage)))
}

// watch lists the records and follows their changes, for relist at most. Each time it connects anew, so
// that another member is asked when one fails.
func (s *etcdSource) watch(ctx context.Context, tell func([]Instance)) error {
	conn, err := s.connect()
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // Nothing uses it.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if ctx, err = s.authenticated(ctx, conn); err != nil {
		return err
	}
	records, revision, err := s.list(ctx, conn)
	if err != nil {
		return err
	}
	tell(slices.Collect(maps.Values(records)))
	// A member that has lost its leader ends the stream.
	ctx = metadata.AppendToOutgoingContext(ctx, "hasleader", "true")
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/etcdserverpb.Watch/Watch")
	if err != nil {
		return err
	}
	if err := stream.SendMsg(etcdWatchRequest(s.prefix, revision+1)); err != nil {
		return err
	}
	relist := time.AfterFunc(s.relist/2+rand.N(s.relist/2), cancel)
	defer relist.Stop()
	for {
		var message []byte
		if err := stream.RecvMsg(&message); err != nil {
			if !relist.Stop() {
				return nil
			}
			return err
		}
		response, err := parseEtcdWatch(message)
		if err != nil {
			return err
		}
		if response.canceled {
			return fmt.Errorf("the watch was cancelled: %s", shown(response.reason))
		}
		for _, event := range response.events {
			delete(records, event.record.key)
			if instance, err := parseEtcdRecord(event.record.value); err == nil && !event.deleted {
				records[event.record.key] = instance
			}
		}
		if len(response.events) > 0 {
			tell(slices.Collect(maps.Values(records)))
		}
	}
}

// authenticated adds a token for the user of the environment, if there is one.
func (s *etcdSource) authenticated(ctx context.Context, conn *grpc.ClientConn) (context.Context, error) {
	user := os.Getenv("HOLDFAST_REGISTRY_USER")
	if user == "" {
		return ctx, nil
	}
	password := os.Getenv("HOLDFAST_REGISTRY_PASSWORD")
	if file := os.Getenv("HOLDFAST_REGISTRY_PASSWORD_FILE"); file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			return ctx, fmt.Errorf("HOLDFAST_REGISTRY_PASSWORD_FILE: %w", err)
		}
		password = strings.TrimRight(string(content), "\r\n")
	}
	var message []byte
	if err := s.invoke(ctx, conn, "/etcdserverpb.Auth/Authenticate", etcdAuthRequest(user, password), &message); err != nil {
		return ctx, err
	}
	token, err := parseEtcdToken(message)
	return metadata.AppendToOutgoingContext(ctx, "token", token), err
}

func (s *etcdSource) invoke(ctx context.Context, conn *grpc.ClientConn, method string, request []byte, response *[]byte) error {
	ctx, cancel := context.WithTimeout(ctx, s.requestTimeout)
	defer cancel()
	return conn.Invoke(ctx, method, request, response)
}

// list returns all records that can be read, by key, and the revision that they are of.
func (s *etcdSource) list(ctx context.Context, conn *grpc.ClientConn) (map[string]Instance, int64, error) {
	records := map[string]Instance{}
	revision := int64(0)
	for from := s.prefix; ; {
		var message []byte
		err := s.invoke(ctx, conn, "/etcdserverpb.KV/Range", etcdRangeRequest(from, s.prefix, revision, etcdPage), &message)
		if err != nil {
			return nil, 0, err
		}
		page, err := parseEtcdRange(message)
		if err != nil {
			return nil, 0, err
		}
		if revision == 0 {
			revision = page.revision
		}
		for _, each := range page.records {
			if instance, err := parseEtcdRecord(each.value); err == nil {
				records[each.key] = instance
			}
			from = each.key + "\x00"
		}
		if len(records) > etcdMaxRecords {
			return nil, 0, fmt.Errorf("records: more than %d", etcdMaxRecords)
		}
		if !page.more || len(page.records) == 0 {
			return records, revision, nil
		}
	}
}

// etcdRecord is what Go's naming/endpoints writes, with an object of Holdfast's own in it.
type etcdRecord struct {
	Addr     string
	Holdfast *struct {
		Ready    *bool `json:"ready"`
		Draining bool  `json:"draining"`
	}
}

var errEmptyRecord = errors.New("empty")

func parseEtcdRecord(value []byte) (Instance, error) {
	text := strings.TrimSpace(string(value))
	instance := Instance{Ready: true, Address: strings.Trim(text, `"`)}
	if text == "" {
		return instance, errEmptyRecord
	}
	if text[0] == '{' {
		var record etcdRecord
		if err := json.Unmarshal([]byte(text), &record); err != nil {
			return instance, err
		}
		instance.Address = record.Addr
		if h := record.Holdfast; h != nil {
			instance.Ready = h.Ready == nil || *h.Ready
			instance.Draining = h.Draining
		}
	}
	return instance, checkAddress(instance.Address)
}
