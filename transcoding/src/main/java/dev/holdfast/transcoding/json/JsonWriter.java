package dev.holdfast.transcoding.json;

/** Reads one message in protobuf's binary form and appends its JSON. */
final class JsonWriter {
  JsonWriter(JsonCodec codec, byte[] in, int start, CodecBuffer out) {}

  void message(MessageType type, int from, int to) throws CodecException {
    if (from <= to) {
      throw new CodecException("", "JSON is not written yet (expected: soon)", -1);
    }
  }
}
