package resolver

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"holdfast.dev/go/internal/examples"
)

const etcdVariable = "HOLDFAST_ETCD"

// etcdMember is a real etcd on ports of its own, whose data outlives it.
type etcdMember struct {
	t       *testing.T
	program string
	data    string
	address string
	peer    string
	process *exec.Cmd
}

func startEtcd(t *testing.T) *etcdMember {
	t.Helper()
	program := os.Getenv(etcdVariable)
	if program == "" {
		program = "../../.holdfast/interop/etcd-3.6/etcd"
	}
	if _, err := os.Stat(program); err != nil {
		t.Skipf("no etcd: %v (expected: scripts/etcd 3.6)", err)
	}
	absolute, err := filepath.Abs(program)
	if err != nil {
		t.Fatal(err)
	}
	m := &etcdMember{t: t, program: absolute, data: t.TempDir(), address: freeAddress(t), peer: freeAddress(t)}
	m.start()
	t.Cleanup(m.stop)
	return m
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }() // The port is free again.
	return listener.Addr().String()
}

func (m *etcdMember) start() {
	m.t.Helper()
	m.process = exec.Command(m.program, "--name", "m", "--data-dir", m.data, "--log-level", "error", "--unsafe-no-fsync",
		"--listen-client-urls", "http://"+m.address, "--advertise-client-urls", "http://"+m.address,
		"--listen-peer-urls", "http://"+m.peer, "--initial-advertise-peer-urls", "http://"+m.peer,
		"--initial-cluster", "m=http://"+m.peer)
	m.process.Stderr = m.t.Output()
	if err := m.process.Start(); err != nil {
		m.t.Fatal(err)
	}
	(&channel{t: m.t}).until("etcd listens", func() bool {
		conn, err := net.Dial("tcp", m.address)
		if err == nil {
			_ = conn.Close() // It was only to be accepted.
		}
		return err == nil
	})
}

func (m *etcdMember) stop() {
	if m.process != nil {
		_ = m.process.Process.Kill()
		_ = m.process.Wait() // It was killed.
		m.process = nil
	}
}

// Java registers in etcd; Go follows it, through a restart of etcd.
func TestEtcdRecordsOfJava(t *testing.T) {
	member := startEtcd(t)
	registry := "etcd://" + member.address + "/prod"
	start := func() (string, func(os.Signal)) {
		process := examples.Command(t, "OrdersServer")
		process.Env = append(os.Environ(), registryVariable+"="+registry)
		port := examples.Start(t, process)
		return port, func(s os.Signal) {
			if err := process.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv(registryVariable, registry)
	log := &channel{t: t}
	// The service orders-v2 is none of its own.
	c, _ := resolve(t, "holdfast:///orders", Builders(Options{Logger: slog.New(slog.NewTextHandler(log, nil))})...)
	has := func(ports ...string) func() bool {
		return func() bool {
			all := strings.Join(c.addresses, " ") + " "
			for _, port := range ports {
				if !strings.Contains(all, ":"+port+" ") {
					return false
				}
			}
			return len(c.addresses) == len(ports)
		}
	}
	first, signalFirst := start()
	second, _ := start()
	c.until("both", has(first, second))

	member.stop()
	log.awaitLogged("registry_list_stale")
	c.until("both, as before", has(first, second))

	member.start()
	log.awaitLogged("registry_list_fresh")
	signalFirst(syscall.SIGTERM)
	c.until("the second alone", has(second))
	third, _ := start()
	c.until("the second and the third", has(second, third))
	if stale := log.logged("registry_list_stale"); stale != 1 {
		t.Errorf("lines of a stale list: %d (expected: 1)", stale)
	}
}

// More records than a page has, and their changes.
func TestEtcdListOfManyPages(t *testing.T) {
	member := startEtcd(t)
	source, err := openEtcd(target{scheme: "etcd", authority: member.address, path: "prod/orders"})
	if err != nil {
		t.Fatal(err)
	}
	etcd := source.(*etcdSource)
	conn, err := etcd.connect()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }() // Nothing uses it.
	c, _ := resolve(t, "etcd://"+member.address+"/prod/orders")
	c.until("an error, as there is nothing", func() bool { return c.err != nil })
	write := func(key, value string) {
		t.Helper()
		var answer []byte
		if err := etcd.invoke(t.Context(), conn, "/etcdserverpb.KV/Put", appendText(appendText(nil, 1, key), 2, value), &answer); err != nil {
			t.Fatal(err)
		}
	}
	const records = 1200
	write("prod/orders-v2/10.9.9.9:1", "10.9.9.9:1")
	for i := range records {
		address := fmt.Sprintf("10.0.%d.%d:1", i/250, i%250)
		write("prod/orders/"+address, `{"Op":0,"Addr":"`+address+`","Metadata":null}`)
	}
	c.until("all by the watch", func() bool { return len(c.addresses) == records })
	other, _ := resolve(t, "etcd://"+member.address+"/prod/orders")
	other.until("all by the list", func() bool { return len(other.addresses) == records })
	var answer []byte
	if err := etcd.invoke(t.Context(), conn, "/etcdserverpb.KV/DeleteRange", appendText(nil, 1, "prod/orders/10.0.0.0:1"), &answer); err != nil {
		t.Fatal(err)
	}
	c.until("one less", func() bool { return len(c.addresses) == records-1 })
	other.until("one less", func() bool { return len(other.addresses) == records-1 })
}
