package dev.holdfast.examples;

import dev.holdfast.examples.v1.Reading;
import dev.holdfast.examples.v1.Receipt;
import dev.holdfast.examples.v1.TelemetryGrpc;
import dev.holdfast.streams.grpc.ServerStreams;
import dev.holdfast.streams.grpc.StreamPosition;
import dev.holdfast.streams.redis.RedisSessionStore;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;

/**
 * Durable streams whose effects are rows of a database, each exactly once, whatever is killed when.
 *
 * <pre>
 * ExactlyOnceServer port redis-uri jdbc-url token-key-file
 * ExactlyOnceServer 50051 redis://127.0.0.1:6379/0 jdbc:postgresql://127.0.0.1/telemetry key.bin
 * </pre>
 *
 * <p>Run as many of them as there should be: they share Redis, the database and the key (at least
 * 16 random bytes). What is not usual here is in {@link ReadingsTable#add}: the transaction that
 * has the effect also has the number of its message, and leaves out what it has already.
 */
public final class ExactlyOnceServer {
  private ExactlyOnceServer() {}

  /** Serves until the process is stopped. */
  public static void main(String[] args) throws IOException, InterruptedException, SQLException {
    try (RedisSessionStore store = RedisSessionStore.open(args[1])) {
      byte[] key = Files.readAllBytes(Path.of(args[3]));
      Server server = start(Integer.parseInt(args[0]), store, args[2], key);
      System.out.println("READY " + server.getPort());
      server.awaitTermination();
    }
  }

  static Server start(int port, RedisSessionStore store, String database, byte[] tokenKey)
      throws IOException, SQLException {
    ReadingsTable.create(database);
    ServerStreams streams = ServerStreams.builder().store(store).tokenKey(tokenKey).build();
    return Grpc.newServerBuilderForPort(port, InsecureServerCredentials.create())
        .addService(streams.resumable(new TelemetryService(database)))
        .build()
        .start();
  }

  /** Writes each reading into the database before it says so. */
  private static final class TelemetryService extends TelemetryGrpc.TelemetryImplBase {
    private final String database;

    TelemetryService(String database) {
      this.database = database;
    }

    @Override
    public StreamObserver<Reading> report(StreamObserver<Receipt> receipts) {
      String session = StreamPosition.current().map(StreamPosition::session).orElse("");
      try {
        return new Report(ReadingsTable.open(database, session), receipts);
      } catch (SQLException e) {
        throw Status.UNAVAILABLE.withDescription("no database").withCause(e).asRuntimeException();
      }
    }
  }

  private static final class Report implements StreamObserver<Reading> {
    private final ReadingsTable table;
    private final StreamObserver<Receipt> receipts;

    Report(ReadingsTable table, StreamObserver<Receipt> receipts) {
      this.table = table;
      this.receipts = receipts;
    }

    @Override
    public void onNext(Reading reading) {
      long message = StreamPosition.current().map(StreamPosition::number).orElse(0L);
      try {
        double sum = table.add(message, reading);
        // Of a message that comes for the second time as well: its first receipt was never sent.
        receipts.onNext(Receipt.newBuilder().setNumber(reading.getNumber()).setSum(sum).build());
      } catch (SQLException e) {
        throw Status.UNAVAILABLE.withDescription("no database").withCause(e).asRuntimeException();
      }
    }

    @Override
    public void onError(Throwable failure) {
      table.close();
    }

    @Override
    public void onCompleted() {
      table.close();
      receipts.onCompleted();
    }
  }
}
