package dev.holdfast.streams.grpc;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A proxy that passes a request on when it is complete, and its answers as they come. */
final class RequestBufferingHop extends HandlerRegistry {
  private static final MethodDescriptor.Marshaller<byte[]> BYTES =
      new MethodDescriptor.Marshaller<>() {
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

  private final Channel onwards;

  RequestBufferingHop(Channel onwards) {
    this.onwards = onwards;
  }

  @Override
  public ServerMethodDefinition<?, ?> lookupMethod(String name, @Nullable String authority) {
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.newBuilder(BYTES, BYTES)
            .setFullMethodName(name)
            .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
            .build();
    ServerCallHandler<byte[], byte[]> handler = (call, headers) -> new Held(call, headers, method);
    return ServerMethodDefinition.create(method, handler);
  }

  private final class Held extends ServerCall.Listener<byte[]> {
    private final ServerCall<byte[], byte[]> call;
    private final Metadata headers;
    private final List<byte[]> requests = new ArrayList<>();
    private final ClientCall<byte[], byte[]> forwarded;
    private boolean begun;

    Held(
        ServerCall<byte[], byte[]> call,
        Metadata headers,
        MethodDescriptor<byte[], byte[]> method) {
      this.call = call;
      this.headers = headers;
      this.forwarded = onwards.newCall(method, CallOptions.DEFAULT);
      call.request(Integer.MAX_VALUE);
    }

    @Override
    public void onMessage(byte[] message) {
      requests.add(message);
    }

    @Override
    public void onHalfClose() {
      begun = true;
      forwarded.start(
          new ClientCall.Listener<>() {
            @Override
            public void onHeaders(Metadata answer) {
              call.sendHeaders(answer);
            }

            @Override
            public void onMessage(byte[] message) {
              call.sendMessage(message);
              forwarded.request(1);
            }

            @Override
            public void onClose(Status status, Metadata trailers) {
              if (!call.isCancelled()) {
                call.close(status, trailers);
              }
            }
          },
          headers);
      forwarded.request(1);
      requests.forEach(forwarded::sendMessage);
      forwarded.halfClose();
    }

    @Override
    public void onCancel() {
      if (begun) {
        forwarded.cancel("its client is gone", null);
      }
    }
  }
}
