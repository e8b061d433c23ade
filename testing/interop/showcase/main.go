// Package main is both ends of gapic-showcase's compliance service: "serve ADDRESS" is its own
// server over gRPC, "call URL" makes all requests of its suite over HTTP/JSON, with the client that
// Google's generator makes of the service, and says PASSED or FAILED for each.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	showcase "github.com/googleapis/gapic-showcase/client"
	pb "github.com/googleapis/gapic-showcase/server/genproto"
	"github.com/googleapis/gapic-showcase/server/services"
	"github.com/googleapis/gapic-showcase/util/genrest/resttools"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/reflection"
	"google.golang.org/protobuf/proto"
)

const patience = 20 * time.Second

type method func(context.Context, *pb.RepeatRequest, ...gax.CallOption) (*pb.RepeatResponse, error)

func main() {
	err := fmt.Errorf("usage: showcase serve ADDRESS | call URL")
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		err = serve(os.Args[2])
	} else if len(os.Args) == 3 && os.Args[1] == "call" {
		err = callAll(os.Args[2])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(believeBinding))
	pb.RegisterComplianceServer(server, services.NewComplianceServer())
	reflection.Register(server)
	return server.Serve(listener)
}

// Which URI of a method was asked is known to a REST server alone; the service compares it with the
// intended one, besides the request with that of its suite.
func believeBinding(
	ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
) (any, error) {
	if repeat, ok := request.(*pb.RepeatRequest); ok {
		ctx = context.WithValue(ctx, resttools.BindingURIKey, repeat.GetIntendedBindingUri())
	}
	return handler(ctx, request)
}

func callAll(url string) error {
	ctx := context.Background()
	client, err := showcase.NewComplianceRESTClient(
		ctx, option.WithEndpoint(url), option.WithoutAuthentication())
	if err != nil {
		return err
	}
	methods := map[string]method{
		"Compliance.RepeatDataBody":                 client.RepeatDataBody,
		"Compliance.RepeatDataBodyInfo":             client.RepeatDataBodyInfo,
		"Compliance.RepeatDataBodyPatch":            client.RepeatDataBodyPatch,
		"Compliance.RepeatDataBodyPut":              client.RepeatDataBodyPut,
		"Compliance.RepeatDataPathResource":         client.RepeatDataPathResource,
		"Compliance.RepeatDataPathTrailingResource": client.RepeatDataPathTrailingResource,
		"Compliance.RepeatDataQuery":                client.RepeatDataQuery,
		"Compliance.RepeatDataSimplePath":           client.RepeatDataSimplePath,
	}
	for _, group := range services.ComplianceSuite.GetGroup() {
		for _, name := range group.GetRpcs() {
			for _, request := range group.GetRequests() {
				if err := call(ctx, methods[name], request); err != nil {
					fmt.Printf("FAILED %s, %s: %v\n", name, request.GetName(), err)
				} else {
					fmt.Printf("PASSED %s, %s\n", name, request.GetName())
				}
			}
		}
	}
	return nil
}

func call(ctx context.Context, call method, request *pb.RepeatRequest) error {
	if call == nil {
		return fmt.Errorf("no such method (expected: one of the client's)")
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := call(limited, proto.Clone(request).(*pb.RepeatRequest))
	if err != nil {
		return err
	}
	if !proto.Equal(answer.GetRequest(), request) {
		return fmt.Errorf("%v (expected: %v)", answer.GetRequest(), request)
	}
	return nil
}
