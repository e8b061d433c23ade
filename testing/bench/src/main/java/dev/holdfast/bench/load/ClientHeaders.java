package dev.holdfast.bench.load;

import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The request headers of one gRPC client, as its library and its interceptors write them. They name
 * one of 16 methods, a deadline that is never the same, a fresh {@code traceparent} (W3C Trace
 * Context) and some 300 bytes of metadata. Three headers of each request are new; a token, a tenant
 * and a user agent repeat. Confined to one thread.
 */
public final class ClientHeaders {
  /** Methods of {@link #SERVICE}, called with equal probability. */
  static final int METHODS = 16;

  static final String SERVICE = "holdfast.bench.v1.Ordering";

  private static final int TOKEN_BYTES = 72;
  private static final int TENANTS = 20;
  private static final int LEAST_MICROS = 20_000_000;
  private static final int MOST_MICROS = 30_000_000;

  private static final AsciiString POST = AsciiString.of("POST");
  private static final AsciiString TE = AsciiString.of("te");
  private static final AsciiString TRAILERS = AsciiString.of("trailers");
  private static final AsciiString CONTENT_TYPE = AsciiString.of("content-type");
  private static final AsciiString GRPC = AsciiString.of("application/grpc");
  private static final AsciiString USER_AGENT = AsciiString.of("user-agent");
  private static final AsciiString AGENT = AsciiString.of("grpc-go/1.76.0");
  private static final AsciiString TIMEOUT = AsciiString.of("grpc-timeout");
  private static final AsciiString TRACEPARENT = AsciiString.of("traceparent");
  private static final AsciiString REQUEST_ID = AsciiString.of("x-request-id");
  private static final AsciiString AUTHORIZATION = AsciiString.of("authorization");
  private static final AsciiString TENANT = AsciiString.of("x-tenant");

  private final SplittableRandom random;
  private final AsciiString scheme;
  private final AsciiString authority;
  private final AsciiString token;
  private final List<AsciiString> paths = new ArrayList<>();
  private final List<AsciiString> tenants = new ArrayList<>();

  /**
   * @param seed of what differs; two clients with the same seed send the same
   */
  public ClientHeaders(long seed, boolean tls, String authority) {
    this.random = new SplittableRandom(seed);
    this.scheme = AsciiString.of(tls ? "https" : "http");
    this.authority = AsciiString.of(authority);
    this.token = AsciiString.of("Bearer " + hex(TOKEN_BYTES));
    for (int i = 0; i < METHODS; i++) {
      paths.add(AsciiString.of("/" + SERVICE + "/" + method(i)));
    }
    for (int i = 0; i < TENANTS; i++) {
      tenants.add(AsciiString.of("tenant-" + hex(4)));
    }
  }

  /** The name of a method. */
  static String method(int number) {
    return "GetOrders" + number;
  }

  /** The headers of the next call. */
  public Http2Headers next() {
    return new DefaultHttp2Headers(false)
        .method(POST)
        .scheme(scheme)
        .path(paths.get(random.nextInt(METHODS)))
        .authority(authority)
        .add(CONTENT_TYPE, GRPC)
        .add(USER_AGENT, AGENT)
        .add(TE, TRAILERS)
        .add(TIMEOUT, AsciiString.of(random.nextInt(LEAST_MICROS, MOST_MICROS) + "u"))
        .add(TRACEPARENT, AsciiString.of("00-" + hex(16) + "-" + hex(8) + "-01"))
        .add(AUTHORIZATION, token)
        .add(REQUEST_ID, AsciiString.of(hex(16)))
        .add(TENANT, tenants.get(random.nextInt(TENANTS)));
  }

  private String hex(int bytes) {
    byte[] some = new byte[bytes];
    random.nextBytes(some);
    return HexFormat.of().formatHex(some);
  }
}
