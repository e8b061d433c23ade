package dev.holdfast.matrix;

import dev.holdfast.lab.Middlebox;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A path with a pair: two channels through one middlebox. The first channel makes a call, is quiet,
 * and makes another call. The second channel holds a stream, is quiet, and sends a message on it.
 */
final class MatrixCell implements AutoCloseable {
  /** The time after which a call or a message counts as hung. */
  static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);

  private static final Duration SETUP_LIMIT = Duration.ofSeconds(60);
  private static final byte[] PAYLOAD = new byte[64];

  private final MatrixPath path;
  private final MatrixPair pair;
  private final List<AutoCloseable> site;
  private final ManagedChannel calling;
  private final ManagedChannel holding;
  private final HeldStream stream;
  private long quietSinceNanos;

  private MatrixCell(MatrixPath path, MatrixPair pair, String address, List<AutoCloseable> site) {
    this.path = path;
    this.pair = pair;
    this.site = site;
    MatrixEnds ends = new MatrixEnds(path, pair);
    calling = ends.channel(address);
    holding = ends.channel(address);
    stream = new HeldStream(holding);
  }

  /** Sets the cell up with a server and a middlebox of its own; its quiet time begins. */
  static MatrixCell open(MatrixPath path, MatrixPair pair)
      throws IOException, InterruptedException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    Server server = new MatrixEnds(path, pair).server(new InetSocketAddress(loopback, 0));
    Middlebox middlebox = Middlebox.toPort(server.getPort()).faults(path.faults()).start();
    String address = loopback.getHostAddress() + ":" + middlebox.port();
    return begun(new MatrixCell(path, pair, address, List.of(server::shutdownNow, middlebox)));
  }

  /**
   * Sets the cell's client up, for a server behind a path that are there; its quiet time begins.
   */
  static MatrixCell open(MatrixPath path, MatrixPair pair, String address)
      throws InterruptedException {
    return begun(new MatrixCell(path, pair, address, List.of()));
  }

  private static MatrixCell begun(MatrixCell cell) throws InterruptedException {
    try {
      call(cell.calling, SETUP_LIMIT);
      CellOutcome held = cell.stream.exchange(PAYLOAD, SETUP_LIMIT);
      if (!held.ok()) {
        throw new IllegalStateException("stream: " + held.detail());
      }
      cell.quietSinceNanos = System.nanoTime();
      return cell;
    } catch (RuntimeException | InterruptedException e) {
      cell.close();
      throw e;
    }
  }

  /** The rest of the quiet time. */
  Duration quietLeft() {
    Duration passed = Duration.ofNanos(System.nanoTime() - quietSinceNanos);
    return path.quietTime().minus(passed);
  }

  CellOutcome firstCall() {
    long begunNanos = System.nanoTime();
    try {
      call(calling, ANSWER_LIMIT);
      return CellOutcome.answered(since(begunNanos));
    } catch (StatusRuntimeException e) {
      return CellOutcome.failed(e.getStatus(), since(begunNanos));
    }
  }

  CellOutcome heldStream() throws InterruptedException {
    return stream.exchange(PAYLOAD, ANSWER_LIMIT);
  }

  CellResult result(CellOutcome first, CellOutcome held) {
    return new CellResult(path, pair, first, held);
  }

  @Override
  public void close() {
    stream.cancel();
    calling.shutdownNow();
    holding.shutdownNow();
    for (AutoCloseable part : site) {
      try {
        part.close();
      } catch (Exception e) {
        throw new IllegalStateException("cell " + path.name() + " can't be closed", e);
      }
    }
  }

  private static void call(ManagedChannel channel, Duration limit) {
    byte[] answer =
        ClientCalls.blockingUnaryCall(
            channel,
            MatrixService.CALL,
            CallOptions.DEFAULT.withDeadlineAfter(limit.toNanos(), TimeUnit.NANOSECONDS),
            PAYLOAD);
    if (answer.length != PAYLOAD.length) {
      throw Status.DATA_LOSS.withDescription("answer: " + answer.length).asRuntimeException();
    }
  }

  private static Duration since(long nanos) {
    return Duration.ofNanos(System.nanoTime() - nanos);
  }
}
