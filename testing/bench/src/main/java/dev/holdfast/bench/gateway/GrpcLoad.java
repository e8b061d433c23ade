package dev.holdfast.bench.gateway;

import dev.holdfast.bench.load.H2load;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;

/**
 * A load of {@link GrpcLoadProgram}: unary calls with headers as gRPC clients send them.
 *
 * @param key the name of the load in figures
 * @param requestBytes size of each request message, at least four
 * @param answerBytes size of each response message
 * @param streams calls in flight on each connection
 * @param rate calls per second over all connections, or {@link H2load#SATURATION}
 */
record GrpcLoad(
    String key,
    int requestBytes,
    int answerBytes,
    int connections,
    int streams,
    int rate,
    boolean tls) {
  private static final int PREFIX_BYTES = 5;
  private static final int SMALL = 64;
  private static final int KILOBYTE = 1_024;
  private static final int MEGABYTE = 1 << 20;

  /** The load of {@code ratio_haproxy_busy}. */
  static final GrpcLoad BUSY = new GrpcLoad("4x50", SMALL, SMALL, 4, 50, H2load.SATURATION, false);

  /** Each in plaintext and over TLS. */
  static List<GrpcLoad> all(int rate) {
    List<GrpcLoad> plain =
        List.of(
            BUSY,
            new GrpcLoad("4x50", SMALL, SMALL, 4, 50, rate, false),
            new GrpcLoad("4x50 1kb", KILOBYTE, KILOBYTE, 4, 50, H2load.SATURATION, false),
            new GrpcLoad("4x1 1mb", SMALL, MEGABYTE, 4, 1, H2load.SATURATION, false),
            new GrpcLoad("100x1", SMALL, SMALL, 100, 1, H2load.SATURATION, false),
            new GrpcLoad("100x1", SMALL, SMALL, 100, 1, rate, false));
    return Stream.concat(plain.stream(), plain.stream().map(GrpcLoad::overTls)).toList();
  }

  boolean isPaced() {
    return rate != H2load.SATURATION;
  }

  private GrpcLoad overTls() {
    return new GrpcLoad(key, requestBytes, answerBytes, connections, streams, rate, true);
  }

  String title() {
    return "clients "
        + key
        + (isPaced() ? " at " + rate + "/s" : " saturated")
        + (tls ? ", TLS" : "");
  }

  /** The message of a request begins with the length of the answer's. */
  byte[] requestBody() {
    return ByteBuffer.allocate(PREFIX_BYTES + requestBytes)
        .put((byte) 0)
        .putInt(requestBytes)
        .putInt(answerBytes)
        .array();
  }

  /** Bytes of DATA in each answer. */
  int answerDataBytes() {
    return PREFIX_BYTES + answerBytes;
  }

  /** The load as a line that {@link #parse} reads. */
  String line() {
    return String.join(
        " ",
        key.replace(' ', '_'),
        Integer.toString(requestBytes),
        Integer.toString(answerBytes),
        Integer.toString(connections),
        Integer.toString(streams),
        Integer.toString(rate),
        Boolean.toString(tls));
  }

  static GrpcLoad parse(List<String> words) {
    return new GrpcLoad(
        words.get(0),
        Integer.parseInt(words.get(1)),
        Integer.parseInt(words.get(2)),
        Integer.parseInt(words.get(3)),
        Integer.parseInt(words.get(4)),
        Integer.parseInt(words.get(5)),
        Boolean.parseBoolean(words.get(6)));
  }
}
