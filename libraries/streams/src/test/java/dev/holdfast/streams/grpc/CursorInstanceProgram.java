package dev.holdfast.streams.grpc;

import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.lab.process.ParentLine;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/**
 * An instance in a process of its own, with streams of {@link CursorFeed}. Its arguments are its
 * port, the TTL of its streams in milliseconds, and its {@link Way}; its order is {@code drain}.
 */
final class CursorInstanceProgram {
  /** The conduct of an instance. */
  enum Way {
    /** Its handlers send and mark. */
    SENDS,
    /** Its handlers send nothing. */
    IS_SILENT,
    /** Calls arrive, and get no answer. */
    WELCOMES_NOBODY
  }

  private CursorInstanceProgram() {}

  public static void main(String[] args) throws Exception {
    ParentLine parent = new ParentLine();
    Way way = Way.valueOf(args[2]);
    CursorFeed feed =
        new CursorFeed(
            way == Way.SENDS ? CursorFeed::sendAndMark : (name, answers, cursor, next) -> {},
            begun -> parent.say("HANDLER %s", begun));
    ServerStreams streams =
        ServerStreams.builder()
            .options(
                StreamTopology.QUICK.withTiming(
                    StreamTopology.QUICK
                        .timing()
                        .withTtl(Duration.ofMillis(Long.parseLong(args[1])))))
            .tokenKey(CursorFleet.KEY)
            .build();
    HoldfastServerBuilder builder = CursorFleet.builder(Integer.parseInt(args[0]));
    if (way == Way.WELCOMES_NOBODY) {
      builder.intercept(new Unanswered(parent));
    }
    HoldfastServer server = builder.addService(streams.resumable(feed.service())).build().start();
    parent.say("READY");
    obey(parent, server);
    System.exit(0);
  }

  private static void obey(ParentLine parent, HoldfastServer server) throws IOException {
    String order = parent.next();
    while (order.equals("drain")) {
      server.shutdown();
      order = parent.next();
    }
  }

  /** Says that a call came, and leaves it. */
  private record Unanswered(ParentLine parent) implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> handler) {
      parent.say("ARRIVED");
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return handler.startCall(call, headers);
    }
  }
}
