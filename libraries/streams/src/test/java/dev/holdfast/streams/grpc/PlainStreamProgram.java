package dev.holdfast.streams.grpc;

import com.google.protobuf.StringValue;
import dev.holdfast.lab.TcpRelay;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A program of grpc-java as others write it: nothing of Holdfast's streams in its code. A
 * connection is cut under its stream, and its server stops under another; it says what came of
 * that.
 */
final class PlainStreamProgram {
  private static final Logger CUTS = Logger.getLogger("io.grpc.netty");

  private PlainStreamProgram() {}

  public static void main(String[] args) throws Exception {
    CUTS.setLevel(Level.SEVERE);
    try {
      run();
    } catch (IllegalArgumentException e) {
      System.out.println("REFUSED " + e.getMessage());
    }
    System.exit(0);
  }

  /** The server stops under an open stream. */
  private static void beLeft(Server server, ManagedChannel channel) {
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamTopology.open(channel, recordingObserver).onNext(RecordingObserver.message("3"));
    recordingObserver.awaitCount(1);
    server.shutdown();
    System.out.println("LEFT " + recordingObserver.awaitEnd().getDescription());
  }

  private static void run() throws Exception {
    Server server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(StreamTopology.talk(StreamTopology::echo))
            .build()
            .start();
    TcpRelay relay = TcpRelay.toPort(server.getPort());
    ManagedChannel channel =
        Grpc.newChannelBuilder("localhost:" + relay.port(), InsecureChannelCredentials.create())
            .build();
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel, recordingObserver);
    requests.onNext(RecordingObserver.message("1"));
    recordingObserver.awaitCount(1);
    relay.cut();
    requests.onNext(RecordingObserver.message("2"));
    recordingObserver.awaitCount(2);
    if (recordingObserver.ends() == 0) {
      requests.onCompleted();
    }
    System.out.println(
        "ENDED "
            + recordingObserver.awaitEnd().getCode()
            + " heard="
            + String.join(",", recordingObserver.heard()));
    if (recordingObserver.failure() == null) {
      beLeft(server, channel);
    }
    channel.shutdownNow();
    server.shutdown();
    System.out.println("STOPPED " + server.awaitTermination(60, TimeUnit.SECONDS));
  }
}
