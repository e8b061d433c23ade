package dev.holdfast.bench.gateway;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import dev.holdfast.bench.clients.Ask;
import dev.holdfast.bench.clients.TalksGrpc;
import dev.holdfast.bench.clients.Told;
import io.grpc.Context;
import io.grpc.ForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** What talks.proto says, on a stock server, for clients that others wrote. */
final class TalkService extends TalksGrpc.TalksImplBase {
  /** In every failure; percent signs, lines and letters of three bytes are where encodings err. */
  static final String REASON = "kein K\u00e4se: 100 %,\n\u65e5\u672c";

  private static final String SLEEP = "sleep";
  private static final String BEGUN = "begun ";
  private static final Metadata.Key<String> TEXT = ascii("x-text");
  private static final Metadata.Key<String> END_TEXT = ascii("x-end-text");
  private static final Metadata.Key<byte[]> BYTES = bytes("x-bytes-bin");
  private static final Metadata.Key<byte[]> END_BYTES = bytes("x-end-bytes-bin");

  private final Map<String, CompletableFuture<Void>> givenUp = new ConcurrentHashMap<>();

  @Override
  public void say(Ask ask, StreamObserver<Told> answer) {
    if (ask.getText().startsWith(SLEEP)) {
      CompletableFuture<Void> end = end(ask.getText());
      Context.current().addListener(context -> end.complete(null), Runnable::run);
      end(BEGUN + ask.getText()).complete(null);
    } else if (ask.getCode() != 0) {
      answer.onError(failure(ask.getCode()));
    } else {
      answer.onNext(told(ask, ask.getText().length()));
      answer.onCompleted();
    }
  }

  @Override
  public void tell(Ask ask, StreamObserver<Told> answer) {
    ServerCallStreamObserver<Told> stream = (ServerCallStreamObserver<Told>) answer;
    stream.setOnCancelHandler(() -> end(ask.getText()).complete(null));
    if (ask.getCount() < 0) {
      stream.onNext(told(ask, 1));
      return;
    }
    int[] sent = {0};
    stream.setOnReadyHandler(
        () -> {
          while (stream.isReady() && sent[0] < ask.getCount()) {
            stream.onNext(told(ask, ++sent[0]));
          }
          if (sent[0] == ask.getCount()) {
            sent[0]++;
            end(ask, stream);
          }
        });
  }

  private static void end(Ask ask, StreamObserver<Told> answer) {
    if (ask.getCode() != 0) {
      answer.onError(failure(ask.getCode()));
    } else {
      answer.onCompleted();
    }
  }

  @Override
  public StreamObserver<Ask> sum(StreamObserver<Told> answer) {
    StringBuilder texts = new StringBuilder();
    int[] count = {0};
    return new Each(
        ask -> {
          count[0]++;
          texts.append(ask.getText());
        },
        () -> {
          answer.onNext(Told.newBuilder().setText(texts.toString()).setNumber(count[0]).build());
          answer.onCompleted();
        });
  }

  @Override
  public StreamObserver<Ask> talk(StreamObserver<Told> answer) {
    return new Each(ask -> answer.onNext(told(ask, ask.getText().length())), answer::onCompleted);
  }

  @Override
  public void givenUp(Ask ask, StreamObserver<Told> answer) {
    var unused =
        end(ask.getText())
            .thenRun(
                () -> {
                  answer.onNext(Told.newBuilder().setText(ask.getText()).build());
                  answer.onCompleted();
                });
  }

  /**
   * Sends what is in x-text and x-bytes-bin back in headers and, renamed, in trailers.
   *
   * @param onCall run at each call
   */
  static ServerInterceptor mirror(Runnable onCall) {
    return new ServerInterceptor() {
      @Override
      public <Q, A> ServerCall.Listener<Q> interceptCall(
          ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        onCall.run();
        return next.startCall(new Mirrored<>(call, headers), headers);
      }
    };
  }

  private CompletableFuture<Void> end(String text) {
    return givenUp.computeIfAbsent(text, name -> new CompletableFuture<>());
  }

  private static Told told(Ask ask, long number) {
    return Told.newBuilder()
        .setText((ask.getPadding() > 0 ? "" : ask.getText()) + "x".repeat(ask.getPadding()))
        .setNumber(number)
        .build();
  }

  private static StatusRuntimeException failure(int code) {
    ErrorInfo info = ErrorInfo.newBuilder().setReason("GONE").setDomain("test").build();
    return StatusProto.toStatusRuntimeException(
        com.google.rpc.Status.newBuilder()
            .setCode(code)
            .setMessage(REASON)
            .addDetails(Any.pack(info))
            .build());
  }

  private static Metadata.Key<String> ascii(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  private static Metadata.Key<byte[]> bytes(String name) {
    return Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER);
  }

  private static final class Mirrored<Q, A>
      extends ForwardingServerCall.SimpleForwardingServerCall<Q, A> {
    private final Metadata asked;

    Mirrored(ServerCall<Q, A> call, Metadata asked) {
      super(call);
      this.asked = asked;
    }

    @Override
    public void sendHeaders(Metadata headers) {
      put(TEXT, headers, TEXT);
      put(BYTES, headers, BYTES);
      super.sendHeaders(headers);
    }

    @Override
    public void close(Status status, Metadata trailers) {
      put(TEXT, trailers, END_TEXT);
      put(BYTES, trailers, END_BYTES);
      super.close(status, trailers);
    }

    private <T> void put(Metadata.Key<T> from, Metadata answer, Metadata.Key<T> to) {
      Optional.ofNullable(asked.get(from)).ifPresent(value -> answer.put(to, value));
    }
  }

  private record Each(Consumer<Ask> taker, Runnable end) implements StreamObserver<Ask> {
    @Override
    public void onNext(Ask ask) {
      taker.accept(ask);
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {
      end.run();
    }
  }
}
