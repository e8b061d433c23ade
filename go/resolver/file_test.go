package resolver

import (
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"holdfast.dev/go/internal/examples"
)

// put writes a file as a registry does: under another name, which then becomes its own.
func put(t *testing.T, directory, name, content string) {
	t.Helper()
	temporary := filepath.Join(directory, ".new.tmp")
	if err := os.WriteFile(temporary, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(temporary, filepath.Join(directory, name)); err != nil {
		t.Fatal(err)
	}
}

func service(t *testing.T) string {
	t.Helper()
	directory := filepath.Join(t.TempDir(), "orders")
	if err := os.Mkdir(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	return directory
}

func TestFilesOfADirectory(t *testing.T) {
	directory := service(t)
	put(t, directory, "a.json", `{"address": "10.0.0.1:1", "more": [1]}`)
	put(t, directory, "b.json", `{"address": "10.0.0.2:1", "draining": true}`)
	put(t, directory, "c.json", `{"address": "10.0.0.3:1", "ready": false}`)
	put(t, directory, "d.json", `{"address": `)
	put(t, directory, ".e.json", `{"address": "10.0.0.4:1"}`)
	put(t, directory, "f.txt", "10.0.0.5:1")
	put(t, directory, "g.list", "# all\n[fd00::7]:2 zone=a weight=10 # one\nnobody\n10.0.0.6:1 weight=x\n10.0.0.1:1\n")
	c, _ := resolve(t, "file://"+directory+"?poll=10ms")
	c.await("10.0.0.1:1", "[fd00::7]:2")

	put(t, directory, "b.json", `{"address": "10.0.0.2:1"}`)
	c.await("10.0.0.1:1", "10.0.0.2:1", "[fd00::7]:2")
}

func TestListThatWorkedStays(t *testing.T) {
	directory := service(t)
	put(t, directory, "a.json", `{"address": "10.0.0.1:1"}`)
	c := &channel{t: t}
	builders := Builders(Options{Logger: slog.New(slog.NewTextHandler(c, nil))})
	first, r := resolve(t, "file://"+directory+"?poll=10ms", builders...)
	first.await("10.0.0.1:1")

	// Nothing is ready any more, then the whole namespace is away.
	put(t, directory, "a.json", `{"address": "10.0.0.1:1", "draining": true}`)
	c.awaitLogged("registry_list_stale")
	if err := os.RemoveAll(filepath.Dir(directory)); err != nil {
		t.Fatal(err)
	}
	r.Close()
	// A channel that was idle finds the list.
	again, _ := resolve(t, "file://"+directory+"?poll=10ms", builders...)
	again.await("10.0.0.1:1")
	if first.updates != 1 || first.err != nil {
		t.Errorf("updates: %d, error: %v (expected: 1, none)", first.updates, first.err)
	}

	if err := os.MkdirAll(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, directory, "b.json", `{"address": "10.0.0.2:1"}`)
	again.await("10.0.0.2:1")
	if fresh := c.logged("registry_list_fresh"); fresh != 1 {
		t.Errorf("lines of a fresh list: %d (expected: 1)", fresh)
	}
	// One of each channel.
	if stale := c.logged("registry_list_stale"); stale != 2 {
		t.Errorf("lines of a stale list: %d (expected: 2)", stale)
	}
}

func TestNothingToKeepIsAnError(t *testing.T) {
	c, _ := resolve(t, "file://"+filepath.Join(t.TempDir(), "nowhere", "orders"))
	c.until("an error", func() bool { return c.err != nil })
}

func TestRecordOfADeadOwnerIsLeftOut(t *testing.T) {
	directory := service(t)
	table := readProcessTable("/proc")
	if table.boot == "" {
		t.Skip("no process table")
	}
	owner := func(boot string, ttl string) string {
		return `"owner": {"pid": ` + "4194303" + `, "started": 1, "boot": "` + boot + `", "space": "` + table.space + `", "ttlMillis": ` + ttl + `}}`
	}
	put(t, directory, "dead.json", `{"address": "10.0.0.1:1", `+owner(table.boot, "60000"))
	put(t, directory, "silent.json", `{"address": "10.0.0.2:1", `+owner("elsewhere", "400"))
	put(t, directory, "beating.json", `{"address": "10.0.0.3:1", `+owner("elsewhere", "60000"))
	c, _ := resolve(t, "file://"+directory+"?poll=10ms")
	c.await("10.0.0.2:1", "10.0.0.3:1")
	c.await("10.0.0.3:1")
}

// Java registers, drains and dies; Go sees it.
func TestFilesOfJava(t *testing.T) {
	namespace := t.TempDir()
	start := func() (string, func(os.Signal)) {
		process := examples.Command(t, "OrdersServer")
		process.Env = append(os.Environ(), "HOLDFAST_REGISTRY=file://"+namespace)
		port := examples.Start(t, process)
		return port, func(s os.Signal) {
			if err := process.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
		}
	}
	c, _ := resolve(t, "file://"+namespace+"/orders")
	first, signalFirst := start()
	address := func(port string) func() bool {
		return func() bool { return len(c.addresses) > 0 && c.addresses[0][len(c.addresses[0])-len(port):] == port }
	}
	c.until("the first", address(first))
	second, signalSecond := start()
	c.until("both", func() bool { return len(c.addresses) == 2 })
	signalFirst(syscall.SIGTERM)
	c.until("the second alone", func() bool { return len(c.addresses) == 1 && address(second)() })
	third, _ := start()
	c.until("two", func() bool { return len(c.addresses) == 2 })
	signalSecond(syscall.SIGKILL)
	c.until("the third alone", func() bool { return len(c.addresses) == 1 && address(third)() })
}
