// Package examples runs the Java programs of examples/ in tests.
package examples

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const classpathVariable = "HOLDFAST_EXAMPLES_CLASSPATH"

// Command is a class of the examples, which are built, or of the class path in the environment. The test
// is skipped where there is neither; it runs two folders below the module's.
func Command(t testing.TB, class string, args ...string) *exec.Cmd {
	t.Helper()
	classpath := os.Getenv(classpathVariable)
	if classpath == "" {
		target := "../../examples/target/"
		built, err := os.ReadFile(target + "runtime-classpath")
		if err != nil {
			t.Skipf("the examples are not built: %v", err)
		}
		classes, err := filepath.Abs(target + "classes")
		if err != nil {
			t.Fatal(err)
		}
		classpath = classes + ":" + strings.TrimSpace(string(built))
	}
	java := "java"
	if home := os.Getenv("JAVA_HOME"); home != "" {
		java = filepath.Join(home, "bin", "java")
	}
	options := []string{"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m", "-cp", classpath, "dev.holdfast.examples." + class}
	return exec.Command(java, append(options, args...)...)
}

// Start starts a program, which the test's end kills, and returns what it says behind READY.
func Start(t testing.TB, process *exec.Cmd) string {
	t.Helper()
	var logged strings.Builder
	process.Stderr = &logged
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait() // It was killed.
		if t.Failed() {
			t.Logf("log of %v:\n%s", process.Args[len(process.Args)-1:], logged.String())
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if said, ready := strings.CutPrefix(lines.Text(), "READY "); ready {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return said
		}
	}
	t.Fatalf("%v ended before it was ready", process.Args)
	return ""
}
