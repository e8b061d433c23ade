package dev.holdfast.duplex.conformance.peer;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** The methods of the scenarios, and the metadata key of the handshake. */
public final class PeerMethods {
  /** The full name of the bidirectional method. */
  public static final String TALK = "holdfast.duplex.Conformance/Talk";

  /** The full name of the server-streaming method. */
  public static final String LIST = "holdfast.duplex.Conformance/List";

  /** The full name of the client-streaming method. */
  public static final String COLLECT = "holdfast.duplex.Conformance/Collect";

  /** The key of hellos, welcomes and refusals. */
  public static final Metadata.Key<byte[]> HANDSHAKE =
      Metadata.Key.of("holdfast-stream-bin", Metadata.BINARY_BYTE_MARSHALLER);

  /** The key of hand-overs. */
  static final Metadata.Key<byte[]> HANDOVER =
      Metadata.Key.of("holdfast-handover-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private static final Marshaller<byte[]> BYTES =
      new Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
          return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  private PeerMethods() {}

  /** The method of a name as the wire has it: bidirectional, whatever its cardinality is. */
  static MethodDescriptor<byte[], byte[]> method(String fullName) {
    return MethodDescriptor.newBuilder(BYTES, BYTES)
        .setFullMethodName(fullName)
        .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
        .build();
  }

  /** The values of the handshake in headers or trailers. */
  public static List<byte[]> handshakes(Metadata metadata) {
    return all(metadata, HANDSHAKE);
  }

  /** The hand-overs, and offers to take one, in headers. */
  public static List<byte[]> handovers(Metadata metadata) {
    return all(metadata, HANDOVER);
  }

  private static List<byte[]> all(Metadata metadata, Metadata.Key<byte[]> key) {
    List<byte[]> values = new ArrayList<>();
    Iterable<byte[]> all = metadata.getAll(key);
    if (all != null) {
      all.forEach(values::add);
    }
    return values;
  }
}
