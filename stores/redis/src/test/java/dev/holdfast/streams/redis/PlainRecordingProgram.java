package dev.holdfast.streams.redis;

import com.google.protobuf.StringValue;
import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Programs of grpc-java as others write them, with nothing of Holdfast's in their code: {@code
 * serve effects-file}, which writes each message there and says it back, and {@code talk port
 * count}, which sends numbers and looks at the answers.
 */
public final class PlainRecordingProgram {
  /** Messages that the client sends ahead of the answers. */
  static final int AHEAD = 40;

  private PlainRecordingProgram() {}

  public static void main(String[] args) throws Exception {
    if (args[0].equals("serve")) {
      serve(args[1]);
    } else {
      talk(Integer.parseInt(args[1]), Integer.parseInt(args[2]));
    }
    System.exit(0);
  }

  private static void serve(String file) throws IOException {
    try (FileOutputStream effects = new FileOutputStream(file, true)) {
      Server server =
          Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
              .addService(
                  ServerServiceDefinition.builder("test.Ledger")
                      .addMethod(
                          RecordingServer.TALK,
                          ServerCalls.asyncBidiStreamingCall(
                              answers -> new Scribe(answers, effects)))
                      .build())
              .build()
              .start();
      System.out.println("READY " + server.getPort());
      awaitLine();
      server.shutdownNow();
    }
  }

  private static void talk(int port, int count) throws Exception {
    ManagedChannel channel =
        Grpc.newChannelBuilder("localhost:" + port, InsecureChannelCredentials.create()).build();
    Reader answers = new Reader();
    StreamObserver<StringValue> requests =
        ClientCalls.asyncBidiStreamingCall(
            channel.newCall(RecordingServer.TALK, CallOptions.DEFAULT), answers);
    for (int i = 1; i <= count; i++) {
      answers.room.acquire();
      requests.onNext(StringValue.of(Integer.toString(i)));
      if (i == count / 2) {
        System.out.println("HALF");
      } else if (i == count / 2 + AHEAD / 2) {
        // Some of these may come to the one that ends now, and some not.
        awaitLine();
      }
    }
    requests.onCompleted();
    System.out.println("ENDED " + answers.end.get() + " in_order=" + answers.heard.get());
    channel.shutdownNow();
  }

  /** Until the parent process writes a line, or is gone. */
  private static void awaitLine() throws IOException {
    int next = System.in.read();
    while (next >= 0 && next != '\n') {
      next = System.in.read();
    }
  }

  private record Scribe(StreamObserver<StringValue> answers, FileOutputStream effects)
      implements StreamObserver<StringValue> {
    @Override
    public void onNext(StringValue message) {
      try {
        effects.write((message.getValue() + "\n").getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      answers.onNext(message);
    }

    @Override
    public void onError(Throwable failure) {
      // The client is gone; there is nobody to tell.
    }

    @Override
    public void onCompleted() {
      answers.onCompleted();
    }
  }

  /** Counts the answers that come in their order, each once. */
  private static final class Reader implements StreamObserver<StringValue> {
    private final Semaphore room = new Semaphore(AHEAD);
    private final AtomicInteger heard = new AtomicInteger();
    private final CompletableFuture<Status.Code> end = new CompletableFuture<>();

    @Override
    public void onNext(StringValue message) {
      if (Integer.parseInt(message.getValue()) != heard.incrementAndGet()) {
        heard.set(Integer.MIN_VALUE);
      }
      room.release();
    }

    @Override
    public void onError(Throwable failure) {
      end.complete(Status.fromThrowable(failure).getCode());
      room.release(Integer.MAX_VALUE / 2);
    }

    @Override
    public void onCompleted() {
      end.complete(Status.Code.OK);
      room.release(Integer.MAX_VALUE / 2);
    }
  }
}
