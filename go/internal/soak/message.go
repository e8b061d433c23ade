package main

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	headerBytes       = 9
	stride            = 7_919
	mostFillingBytes  = 2_048
	positionOfTheLast = 8
)

// message is a number, whether it is the last one of its stream, and filling whose length and content
// follow from the number.
func message(number int64, last bool) *wrapperspb.BytesValue {
	text := bytes.Repeat([]byte{byte(number)}, headerBytes+int(number*stride%mostFillingBytes))
	binary.BigEndian.PutUint64(text, uint64(number))
	text[positionOfTheLast] = 0
	if last {
		text[positionOfTheLast] = 1
	}
	return wrapperspb.Bytes(text)
}

// read returns the number of a message, and whether it is the last one of its stream.
func read(m *wrapperspb.BytesValue) (number int64, last bool, err error) {
	text := m.GetValue()
	if len(text) >= headerBytes {
		number = int64(binary.BigEndian.Uint64(text))
		last = text[positionOfTheLast] != 0
	}
	if len(text) < headerBytes || number < 0 || !bytes.Equal(text, message(number, last).GetValue()) {
		return 0, false, fmt.Errorf("message of %d bytes with the number %d (expected: as it was sent)", len(text), number)
	}
	return number, last, nil
}
