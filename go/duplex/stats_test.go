package duplex

import (
	"context"
	"testing"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
)

// A retry is refused where a call that went out is repeated by a policy, and nowhere else.
func TestOnlyConfiguredRetriesAreRefused(t *testing.T) {
	type attempt struct{ transparent, sent bool }
	for name, each := range map[string]struct {
		attempts []attempt
		refused  bool
	}{
		"no connection":           {[]attempt{{false, false}, {true, false}, {false, true}}, false},
		"refused by the server":   {[]attempt{{false, true}, {true, true}}, false},
		"repeated by a policy":    {[]attempt{{false, true}, {false, true}}, true},
		"by a policy, afterwards": {[]attempt{{false, true}, {true, false}, {false, true}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			refused := false
			of := &trace{again: func() []byte { return []byte("hello") }, refuse: func() { refused = true }}
			call := metadata.NewOutgoingContext(context.WithValue(t.Context(), traceKey{}, of), metadata.MD{})
			for _, a := range each.attempts {
				ctx := transportWatch{}.TagRPC(call, &stats.RPCTagInfo{})
				transportWatch{}.HandleRPC(ctx, &stats.Begin{Client: true, IsTransparentRetryAttempt: a.transparent})
				if a.sent {
					transportWatch{}.HandleRPC(ctx, &stats.OutHeader{Client: true})
				}
			}
			if refused != each.refused {
				t.Errorf("refused: %t (expected: %t)", refused, each.refused)
			}
		})
	}
}
