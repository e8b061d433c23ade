// Command connect-conformance stands between connect's conformance runner and a gateway that runs already.
//
//	connect-conformance schema                     (in its folder) writes the descriptors of the suite's service to stdout, from the
//	                                               .proto files of the module connectrpc.com/conformance
//	connect-conformance server <plain> <tls> <pem> answers one runner in place of a server that it would start: the port
//	                                               without or with TLS, and the certificate; serves until it is told to end
//
// Both print "connect-conformance: .." to stderr and end with 1 when something goes wrong.
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

const (
	module  = "connectrpc.com/conformance"
	service = "connectrpc/conformance/v1/service.proto"
	host    = "127.0.0.1"

	// Fields of ServerCompatRequest and ServerCompatResponse, whose Go types the module keeps to itself.
	requestUseTLS       = 4
	responseHost        = 1
	responsePort        = 2
	responseCertificate = 3

	longestRequest = 1 << 20
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "connect-conformance:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "schema":
		return schema()
	case len(args) == 4 && args[0] == "server":
		return server(args[1], args[2], args[3])
	default:
		return errors.New("usage: connect-conformance schema | connect-conformance server <plain> <tls> <pem>")
	}
}

func schema() error {
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return fmt.Errorf("go list -m %s: %w", module, err)
	}
	sources := filepath.Join(strings.TrimSpace(string(folder)), "proto")
	compiler := protocompile.Compiler{
		Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{sources}}),
	}
	files, err := compiler.Compile(context.Background(), service)
	if err != nil {
		return err
	}
	set := &descriptorpb.FileDescriptorSet{}
	add(set, files[0], map[string]bool{})
	bytes, err := proto.Marshal(set)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(bytes)
	return err
}

// add puts a file behind those that it imports.
func add(set *descriptorpb.FileDescriptorSet, file protoreflect.FileDescriptor, known map[string]bool) {
	if known[file.Path()] {
		return
	}
	known[file.Path()] = true
	imports := file.Imports()
	for i := 0; i < imports.Len(); i++ {
		add(set, imports.Get(i).FileDescriptor, known)
	}
	set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
}

func server(plain, secure, certificate string) error {
	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, os.Interrupt, syscall.SIGTERM)
	request, err := read(os.Stdin)
	if err != nil {
		return err
	}
	useTLS, err := isSet(request, requestUseTLS)
	if err != nil {
		return err
	}
	port := plain
	var pem []byte
	if useTLS {
		port = secure
		if pem, err = os.ReadFile(certificate); err != nil {
			return err
		}
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return err
	}
	response := protowire.AppendTag(nil, responseHost, protowire.BytesType)
	response = protowire.AppendString(response, host)
	response = protowire.AppendTag(response, responsePort, protowire.VarintType)
	response = protowire.AppendVarint(response, number)
	response = protowire.AppendTag(response, responseCertificate, protowire.BytesType)
	response = protowire.AppendBytes(response, pem)
	whole := binary.BigEndian.AppendUint32(nil, uint32(len(response)))
	if _, err := os.Stdout.Write(append(whole, response...)); err != nil {
		return err
	}
	<-stopped
	return nil
}

// read reads one message behind its length.
func read(from io.Reader) ([]byte, error) {
	var length uint32
	if err := binary.Read(from, binary.BigEndian, &length); err != nil {
		return nil, err
	}
	if length > longestRequest {
		return nil, fmt.Errorf("a request of %d bytes (expected: <= %d)", length, longestRequest)
	}
	message := make([]byte, length)
	_, err := io.ReadFull(from, message)
	return message, err
}

// isSet says whether a message has a number other than 0 in a field.
func isSet(message []byte, field protowire.Number) (bool, error) {
	set := false
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return false, protowire.ParseError(n)
		}
		message = message[n:]
		size := protowire.ConsumeFieldValue(number, kind, message)
		if size < 0 {
			return false, protowire.ParseError(size)
		}
		if number == field && kind == protowire.VarintType {
			value, _ := protowire.ConsumeVarint(message)
			set = value != 0
		}
		message = message[size:]
	}
	return set, nil
}
