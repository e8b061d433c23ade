package duplex_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPage: the programs of docs/go.md are those of examples, and do what the page says.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/go.md")
	if err != nil {
		t.Fatal(err)
	}
	binaries := t.TempDir()
	for _, name := range []string{"server", "client"} {
		program, err := os.ReadFile("../examples/" + name + "/main.go")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), "```go title=\""+name+"/main.go\"\n"+string(program)+"```\n") {
			t.Errorf("docs/go.md has another %s/main.go", name)
		}
		build := exec.Command("go", "build", "-o", filepath.Join(binaries, name), "../examples/"+name)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	server := exec.Command(filepath.Join(binaries, "server"), "127.0.0.1:0")
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ready, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	through := startRelay(t, strings.TrimSpace(strings.TrimPrefix(ready, "READY ")))
	done := make(chan struct{})
	go func() {
		defer close(done)
		said, err := exec.Command(filepath.Join(binaries, "client"), "passthrough:///"+through.Address()).Output()
		if err != nil || string(said) != "RESULT counted_once=500\n" {
			t.Errorf("client: %q, %v", said, err)
		}
	}()
	cut := time.NewTicker(200 * time.Millisecond)
	defer cut.Stop()
	for range 4 {
		<-cut.C
		through.Cut()
	}
	<-done
	if err := server.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("server: %v", err)
	}
}
