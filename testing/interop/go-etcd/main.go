// Command go-etcd is the other side of Holdfast's etcd records: a program that knows nothing of
// Holdfast and uses etcd's own naming/endpoints and resolver packages.
//
// It talks to its caller by lines, so that a test can take it step by step:
//
//	go-etcd list    <etcd> <service>             prints "endpoint <addr>" per endpoint, then "end"
//	go-etcd watch   <etcd> <service>             prints "add <addr>" and "delete <key>" until stdin ends
//	go-etcd register <etcd> <service> <addr>     registers under a lease, prints "registered", until stdin ends
//	go-etcd connect <etcd> <service>             connects to etcd:///<service> as a grpc-go client does,
//	                                             prints "ready" and stays until stdin ends
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/naming/endpoints"
	"go.etcd.io/etcd/client/v3/naming/resolver"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
)

const patience = 20 * time.Second

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "go-etcd:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("usage: go-etcd list|watch|register|connect <etcd> <service> [addr]")
	}
	verb, service := args[0], args[2]
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   strings.Split(args[1], ","),
		DialTimeout: patience,
	})
	if err != nil {
		return err
	}
	defer client.Close()
	manager, err := endpoints.NewManager(client, service)
	if err != nil {
		return err
	}
	switch verb {
	case "list":
		return list(manager)
	case "watch":
		return watch(manager)
	case "register":
		if len(args) != 4 {
			return fmt.Errorf("register: an address is missing")
		}
		return register(client, manager, service, args[3])
	case "connect":
		return connect(client, service)
	default:
		return fmt.Errorf("unknown verb %q", verb)
	}
}

func list(manager endpoints.Manager) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	found, err := manager.List(ctx)
	if err != nil {
		return err
	}
	addresses := make([]string, 0, len(found))
	for _, endpoint := range found {
		addresses = append(addresses, endpoint.Addr)
	}
	sort.Strings(addresses)
	for _, address := range addresses {
		fmt.Println("endpoint", address)
	}
	fmt.Println("end")
	return nil
}

func watch(manager endpoints.Manager) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	updates, err := manager.NewWatchChannel(ctx)
	if err != nil {
		return err
	}
	go func() {
		for batch := range updates {
			for _, update := range batch {
				if update.Op == endpoints.Add {
					fmt.Println("add", update.Endpoint.Addr)
				} else {
					fmt.Println("delete", update.Key)
				}
			}
		}
	}()
	untilStdinEnds()
	return nil
}

func register(client *clientv3.Client, manager endpoints.Manager, service, address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	lease, err := client.Grant(ctx, 5)
	if err != nil {
		return err
	}
	alive, err := client.KeepAlive(context.Background(), lease.ID)
	if err != nil {
		return err
	}
	go func() {
		for range alive {
		}
	}()
	key := service + "/" + address
	if err := manager.AddEndpoint(ctx, key, endpoints.Endpoint{Addr: address, Metadata: "go"},
		clientv3.WithLease(lease.ID)); err != nil {
		return err
	}
	fmt.Println("registered")
	untilStdinEnds()
	gone, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	return manager.DeleteEndpoint(gone, key)
}

// connect goes the whole way of a grpc-go client: etcd's resolver, then a connection.
func connect(client *clientv3.Client, service string) error {
	builder, err := resolver.NewBuilder(client)
	if err != nil {
		return err
	}
	conn, err := grpc.Dial("etcd:///"+service,
		grpc.WithResolvers(builder),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"round_robin":{}}]}`))
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.Connect()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for state := conn.GetState(); state != connectivity.Ready; state = conn.GetState() {
		if !conn.WaitForStateChange(ctx, state) {
			return fmt.Errorf("not ready in time, but %v", state)
		}
	}
	fmt.Println("ready")
	untilStdinEnds()
	return nil
}

func untilStdinEnds() {
	reader := bufio.NewReader(os.Stdin)
	if _, err := io.Copy(io.Discard, reader); err != nil {
		fmt.Fprintln(os.Stderr, "go-etcd: stdin:", err)
	}
}
