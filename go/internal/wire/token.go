package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

const (
	macLength = sha256.Size
	// MinKey is the length of the shortest key of an issuer, in bytes.
	MinKey = 16
)

// Issuer makes and checks the tokens of sessions. Instances that share a key know each other's
// tokens. Safe for concurrent use.
type Issuer struct{ key []byte }

// NewIssuer returns an issuer with a secret key of at least MinKey bytes.
func NewIssuer(key []byte) (*Issuer, error) {
	if len(key) < MinKey {
		return nil, fmt.Errorf("token key: %d bytes (expected: >= %d)", len(key), MinKey)
	}
	return &Issuer{key: append([]byte(nil), key...)}, nil
}

// Issue makes the token of a session: the owner's address, which is "" when any instance will do,
// and a code that binds it to the session, the principal and the method.
func (i *Issuer) Issue(id SessionID, principal, method, owner string) []byte {
	return append([]byte(owner), i.mac(id, principal, method, owner)...)
}

// Verify reports, in constant time, whether an issuer of this key made the token.
func (i *Issuer) Verify(token []byte, id SessionID, principal, method string) bool {
	if len(token) < macLength {
		return false
	}
	return hmac.Equal(token[len(token)-macLength:], i.mac(id, principal, method, Owner(token)))
}

// Owner is the address that a token says it comes from; nobody has checked it.
func Owner(token []byte) string {
	if len(token) <= macLength {
		return ""
	}
	return string(token[:len(token)-macLength])
}

// Seal returns a hand-over under the seal of this key, for a session, principal and method.
func (i *Issuer) Seal(h Handover, id SessionID, principal, method string) Handover {
	h.Seal = i.seal(h, id, principal, method)
	return h
}

// VerifyHandover reports, in constant time, whether a holder of this key sealed the hand-over.
func (i *Issuer) VerifyHandover(h Handover, id SessionID, principal, method string) bool {
	return hmac.Equal(h.Seal, i.seal(h, id, principal, method))
}

func (i *Issuer) seal(h Handover, id SessionID, principal, method string) []byte {
	h.Seal = nil
	return i.mac(id, principal, method, "", string(h.Append(nil)))
}

// mac is the code over the id and all parts. A token has three parts and a hand-over four, so that neither
// is ever the other one.
func (i *Issuer) mac(id SessionID, parts ...string) []byte {
	mac := hmac.New(sha256.New, i.key)
	mac.Write(id[:])
	for _, part := range parts {
		// With its length, so that no two lists of parts have the same bytes.
		var length [4]byte
		binary.BigEndian.PutUint32(length[:], uint32(len(part)))
		mac.Write(length[:])
		mac.Write([]byte(part))
	}
	return mac.Sum(nil)
}
