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

/** A proxy that holds one direction of each call until that is complete. */
final class BufferingHop extends HandlerRegistry {
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

  /** The direction that a proxy holds until it is complete. */
  enum Buffered {
    REQUEST,
    RESPONSE
  }

  private final Channel onwards;
  private final Buffered buffered;

  BufferingHop(Channel onwards, Buffered buffered) {
    this.onwards = onwards;
    this.buffered = buffered;
  }

  @Override
  public ServerMethodDefinition<?, ?> lookupMethod(String name, @Nullable String authority) {
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.newBuilder(BYTES, BYTES)
            .setFullMethodName(name)
            .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
            .build();
    ServerCallHandler<byte[], byte[]> handler =
        (call, headers) -> {
          ClientCall<byte[], byte[]> forwarded = onwards.newCall(method, CallOptions.DEFAULT);
          Steps responses = new Steps(buffered != Buffered.RESPONSE);
          Steps requests = new Steps(buffered != Buffered.REQUEST);
          requests.add(
              () -> {
                forwarded.start(new Responses(call, forwarded, responses), headers);
                forwarded.request(1);
              });
          call.request(1);
          return new Requests(call, forwarded, requests);
        };
    return ServerMethodDefinition.create(method, handler);
  }

  /** The steps of one direction, in order; taken at once, or when the last one is there. */
  private static final class Steps {
    private final List<Runnable> waiting = new ArrayList<>();
    private boolean open;

    Steps(boolean open) {
      this.open = open;
    }

    void add(Runnable step) {
      if (open) {
        step.run();
      } else {
        waiting.add(step);
      }
    }

    void last(Runnable step) {
      open = true;
      waiting.forEach(Runnable::run);
      step.run();
    }

    boolean isOpen() {
      return open;
    }
  }

  private static final class Requests extends ServerCall.Listener<byte[]> {
    private final ServerCall<byte[], byte[]> call;
    private final ClientCall<byte[], byte[]> forwarded;
    private final Steps steps;

    Requests(ServerCall<byte[], byte[]> call, ClientCall<byte[], byte[]> forwarded, Steps steps) {
      this.call = call;
      this.forwarded = forwarded;
      this.steps = steps;
    }

    @Override
    public void onMessage(byte[] message) {
      steps.add(() -> forwarded.sendMessage(message));
      call.request(1);
    }

    @Override
    public void onHalfClose() {
      steps.last(forwarded::halfClose);
    }

    @Override
    public void onCancel() {
      if (steps.isOpen()) {
        forwarded.cancel("its client is gone", null);
      }
    }
  }

  private static final class Responses extends ClientCall.Listener<byte[]> {
    private final ServerCall<byte[], byte[]> call;
    private final ClientCall<byte[], byte[]> forwarded;
    private final Steps steps;

    Responses(ServerCall<byte[], byte[]> call, ClientCall<byte[], byte[]> forwarded, Steps steps) {
      this.call = call;
      this.forwarded = forwarded;
      this.steps = steps;
    }

    @Override
    public void onHeaders(Metadata headers) {
      steps.add(() -> call.sendHeaders(headers));
    }

    @Override
    public void onMessage(byte[] message) {
      steps.add(() -> call.sendMessage(message));
      forwarded.request(1);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (!call.isCancelled()) {
        steps.last(() -> call.close(status, trailers));
      }
    }
  }
}
