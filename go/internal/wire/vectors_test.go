package wire_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"testing"

	"holdfast.dev/go/internal/wire"
)

const vectors = "../../../libraries/streams/vectors/"

type hexBytes []byte

func (b *hexBytes) UnmarshalText(text []byte) error {
	decoded, err := hex.DecodeString(string(text))
	*b = decoded
	return err
}

func read(t *testing.T, file string, into any) {
	t.Helper()
	data, err := os.ReadFile(vectors + file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func TestHeaders(t *testing.T) {
	var file struct {
		Headers []struct {
			Name               string
			Bytes              hexBytes
			Tag                uint64
			Seq, Ack, Credit   int64
			Flags, Low, Status int64
			Probe              int64
		}
		None    []struct{ Bytes hexBytes }
		Refused []struct {
			Bytes hexBytes
			Kind  wire.Kind
		}
	}
	read(t, "frames.json", &file)
	if len(file.Headers) < 10 || len(file.None) < 3 || len(file.Refused) < 10 {
		t.Fatalf("too few vectors: %d, %d, %d", len(file.Headers), len(file.None), len(file.Refused))
	}
	for _, v := range file.Headers {
		want := wire.Header{
			Tag: v.Tag, Seq: v.Seq, Ack: v.Ack, Credit: v.Credit, Flags: wire.Flag(v.Flags),
			Low: v.Low, Status: uint32(v.Status), Probe: v.Probe,
		}
		got, length, err := wire.ParseHeader(append(append([]byte{}, v.Bytes...), "body"...))
		if err != nil || got != want || length != len(v.Bytes) {
			t.Errorf("%s: read %+v of %d bytes, %v", v.Name, got, length, err)
		}
		if out := want.Append(nil); !bytes.Equal(out, v.Bytes) {
			t.Errorf("%s: wrote %x", v.Name, out)
		}
	}
	for _, v := range file.None {
		if _, length, err := wire.ParseHeader(v.Bytes); length != 0 || err != nil {
			t.Errorf("%x: length %d, %v", []byte(v.Bytes), length, err)
		}
	}
	for _, v := range file.Refused {
		_, _, err := wire.ParseHeader(v.Bytes)
		expectKind(t, v.Bytes, err, v.Kind)
	}
}

func expectKind(t *testing.T, data []byte, err error, kind wire.Kind) {
	t.Helper()
	var refused *wire.Error
	if !errors.As(err, &refused) || refused.Kind != kind {
		t.Errorf("%x: %v (expected: %s)", data, err, kind)
	}
}

func TestHandshakes(t *testing.T) {
	var file struct {
		Tokens []struct {
			Session, Token                hexBytes
			Key, Principal, Method, Owner string
		}
		Hellos []struct {
			Bytes, Session, Token       hexBytes
			Attach                      int64
			Tag                         uint64
			Watermark, Low, Credit, Age int64
			Remaining                   int64
			Untouched                   bool
			TouchedBy                   int64 `json:"touched by"`
		}
		Welcomes []struct {
			Bytes, Token           hexBytes
			Watermark, Low, Credit int64
			TTL, Spread            int64
			AckEvery               int64 `json:"ack every"`
			AckDelay               int64 `json:"ack delay"`
		}
		Refusals []struct {
			Bytes      hexBytes
			Code       wire.Code
			Address    string
			RetryAfter int64 `json:"retry after"`
			Processed  int64
		}
	}
	read(t, "handshakes.json", &file)
	if len(file.Tokens) == 0 || len(file.Hellos) == 0 || len(file.Welcomes) == 0 || len(file.Refusals) == 0 {
		t.Fatal("too few vectors")
	}
	for _, v := range file.Tokens {
		issuer, err := wire.NewIssuer([]byte(v.Key))
		if err != nil {
			t.Fatal(err)
		}
		id := wire.SessionID(v.Session)
		if got := issuer.Issue(id, v.Principal, v.Method, v.Owner); !bytes.Equal(got, v.Token) {
			t.Errorf("token: %x", got)
		}
		if !issuer.Verify(v.Token, id, v.Principal, v.Method) || issuer.Verify(v.Token, id, v.Principal+"x", v.Method) {
			t.Errorf("token of %q is not told from another principal's", v.Principal)
		}
		if got := wire.Owner(v.Token); got != v.Owner {
			t.Errorf("owner: %q", got)
		}
	}
	for _, v := range file.Hellos {
		want := wire.Hello{
			Session: wire.SessionID(v.Session), Attach: v.Attach, Tag: v.Tag, Watermark: v.Watermark,
			Low: v.Low, Credit: v.Credit, RemainingMillis: v.Remaining, Untouched: v.Untouched,
			Token: v.Token, AgeMillis: v.Age, TouchedBy: v.TouchedBy,
		}
		if len(v.Token) == 0 {
			want.Token = nil
		}
		got, err := wire.ParseHello(v.Bytes)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("hello: %+v, %v", got, err)
		}
		if out := want.Append(nil); !bytes.Equal(out, v.Bytes) {
			t.Errorf("hello: wrote %x", out)
		}
	}
	for _, v := range file.Welcomes {
		want := wire.Welcome{
			Token: v.Token, Watermark: v.Watermark, Low: v.Low, Credit: v.Credit, TTLMillis: v.TTL,
			AckEvery: v.AckEvery, AckDelayMillis: v.AckDelay, SpreadMillis: v.Spread,
		}
		got, err := wire.ParseWelcome(v.Bytes)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("welcome: %+v, %v", got, err)
		}
		if out := want.Append(nil); !bytes.Equal(out, v.Bytes) {
			t.Errorf("welcome: wrote %x", out)
		}
	}
	for _, v := range file.Refusals {
		want := wire.Refusal{Code: v.Code, Address: v.Address, RetryAfterMillis: v.RetryAfter, Processed: v.Processed}
		got, err := wire.ParseRefusal(v.Bytes)
		if err != nil || got != want {
			t.Errorf("refusal: %+v, %v", got, err)
		}
		if out := want.Append(nil); !bytes.Equal(out, v.Bytes) {
			t.Errorf("refusal: wrote %x", out)
		}
	}
}

func TestFinalStatuses(t *testing.T) {
	var file struct {
		Bodies []struct {
			Name        string
			Bytes       hexBytes
			Description string
			Trailers    []struct {
				Key   string
				Value hexBytes
			}
		}
		OnlyTheCodeCounts []struct{ Bytes hexBytes } `json:"only the code counts"`
	}
	read(t, "finals.json", &file)
	if len(file.Bodies) == 0 || len(file.OnlyTheCodeCounts) == 0 {
		t.Fatal("too few vectors")
	}
	for _, v := range file.Bodies {
		got, ok := wire.ParseFinalStatus(v.Bytes)
		if !ok || got.Description != v.Description {
			t.Errorf("%s: %+v, %v", v.Name, got, ok)
		}
		trailers := 0
		for _, values := range got.Trailers {
			trailers += len(values)
		}
		if trailers != len(v.Trailers) {
			t.Errorf("%s: %d trailers", v.Name, trailers)
		}
		for _, trailer := range v.Trailers {
			if values := got.Trailers[trailer.Key]; len(values) != 1 || values[0] != string(trailer.Value) {
				t.Errorf("%s: %s: %q", v.Name, trailer.Key, values)
			}
		}
		// The order of keys is the writer's, so a round trip shows what counts.
		again, ok := wire.ParseFinalStatus(got.Append(nil))
		if !ok || !reflect.DeepEqual(again, got) {
			t.Errorf("%s: round trip %+v", v.Name, again)
		}
	}
	for _, v := range file.OnlyTheCodeCounts {
		if got, ok := wire.ParseFinalStatus(v.Bytes); ok {
			t.Errorf("%x: %+v", []byte(v.Bytes), got)
		}
	}
}

func TestHandovers(t *testing.T) {
	var file struct {
		Handovers []struct {
			Name                       string
			Bytes, Cursor, Seal        hexBytes
			Position, Processed, Moves int64
			HalfClosed                 bool `json:"half closed"`
			Replays                    wire.Replay
		}
		Seals []struct {
			Name, Key, Principal, Method string
			Bytes, Session               hexBytes
			Fits                         bool
		}
		Refused []struct {
			Name  string
			Bytes hexBytes
			Kind  wire.Kind
		}
	}
	read(t, "handovers.json", &file)
	if len(file.Handovers) < 5 || len(file.Seals) < 10 || len(file.Refused) < 10 {
		t.Fatalf("too few vectors: %d, %d, %d", len(file.Handovers), len(file.Seals), len(file.Refused))
	}
	for _, v := range file.Handovers {
		want := wire.Handover{
			Position: v.Position, Processed: v.Processed, Moves: v.Moves, HalfClosed: v.HalfClosed, Replays: v.Replays,
			Cursor: v.Cursor, Seal: v.Seal,
		}
		got, err := wire.ParseHandover(v.Bytes)
		if err != nil || !bytes.Equal(got.Append(nil), v.Bytes) {
			t.Errorf("%s: read %+v, %v", v.Name, got, err)
		}
		if !bytes.Equal(got.Cursor, want.Cursor) || !bytes.Equal(got.Seal, want.Seal) {
			t.Errorf("%s: cursor %x, seal %x", v.Name, got.Cursor, got.Seal)
		}
		if out := want.Append(nil); !bytes.Equal(out, v.Bytes) {
			t.Errorf("%s: wrote %x", v.Name, out)
		}
	}
	for _, v := range file.Seals {
		issuer, err := wire.NewIssuer([]byte(v.Key))
		if err != nil {
			t.Fatal(err)
		}
		h, err := wire.ParseHandover(v.Bytes)
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		id := wire.SessionID(v.Session)
		if fits := issuer.VerifyHandover(h, id, v.Principal, v.Method); fits != v.Fits {
			t.Errorf("seal %s fits: %t (expected: %t)", v.Name, fits, v.Fits)
		}
		made := issuer.Seal(h, id, v.Principal, v.Method)
		if same := bytes.Equal(made.Append(nil), v.Bytes); same != v.Fits {
			t.Errorf("seal %s is the one that is made: %t (expected: %t)", v.Name, same, v.Fits)
		}
	}
	for _, v := range file.Refused {
		_, err := wire.ParseHandover(v.Bytes)
		expectKind(t, v.Bytes, err, v.Kind)
	}
}
