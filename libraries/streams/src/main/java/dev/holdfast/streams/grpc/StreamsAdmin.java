package dev.holdfast.streams.grpc;

import dev.holdfast.core.annotation.Limit;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A service that shows the sessions of a server, for {@code holdfast streams HOST:PORT} and for
 * every client that compiles {@code holdfast/streams/v1/streams.proto} of this jar.
 *
 * <p>A server has it only when it was added. It tells names, addresses and numbers, no token and no
 * message; who must not know even these is kept out by an interceptor, as for any other service. A
 * request goes once over all sessions and answers with at most {@value SessionQuery#MAX_PAGE} of
 * them.
 */
public final class StreamsAdmin {
  private static final String SERVICE = "holdfast.streams.v1.Streams";

  @Limit(of = "bytes of a request to StreamsAdmin", then = "it is refused with INVALID_ARGUMENT")
  static final int MAX_REQUEST_BYTES = 4_096;

  private static final MethodDescriptor<byte[], byte[]> LIST =
      MethodDescriptor.<byte[], byte[]>newBuilder(new Bytes(), new Bytes())
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, "List"))
          .setSafe(true)
          .build();

  private StreamsAdmin() {}

  /** The service, to be given to a server builder's {@code addService}. */
  public static ServerServiceDefinition of(ServerStreams streams, ServerStreams... others) {
    List<ServerStreams> all = Stream.concat(Stream.of(streams), Stream.of(others)).toList();
    return ServerServiceDefinition.builder(SERVICE)
        .addMethod(
            LIST,
            (call, headers) -> {
              // One more than there may be, so that the half-close is heard.
              call.request(2);
              return new ListCall(call, all);
            })
        .build();
  }

  private static final class ListCall extends ServerCall.Listener<byte[]> {
    private final ServerCall<byte[], byte[]> call;
    private final List<ServerStreams> streams;
    private byte @Nullable [] request;

    ListCall(ServerCall<byte[], byte[]> call, List<ServerStreams> streams) {
      this.call = call;
      this.streams = streams;
    }

    @Override
    public void onMessage(byte[] message) {
      request = message;
    }

    @Override
    public void onHalfClose() {
      byte[] given = request;
      if (given == null || given.length > MAX_REQUEST_BYTES) {
        refuse("request: expected: one of at most " + MAX_REQUEST_BYTES + " bytes");
        return;
      }
      SessionQuery query;
      try {
        query = StreamsAdminCodec.query(given);
      } catch (IllegalArgumentException e) {
        refuse(String.valueOf(e.getMessage()));
        return;
      }
      Iterable<SessionView> sessions =
          () -> streams.stream().flatMap(one -> one.sessions().stream()).iterator();
      call.sendHeaders(new Metadata());
      call.sendMessage(StreamsAdminCodec.response(query.over(sessions)));
      call.close(Status.OK, new Metadata());
    }

    private void refuse(String why) {
      call.close(Status.INVALID_ARGUMENT.withDescription(why), new Metadata());
    }
  }

  /** Parsed later, so that a wrong request is answered as such. */
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readNBytes(MAX_REQUEST_BYTES + 1);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
