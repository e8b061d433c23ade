package dev.holdfast.gateway.cors;

import dev.holdfast.transcoding.http.grpcweb.GrpcWebContentType;
import io.netty.handler.codec.http2.Http2Headers;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collector;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A CORS policy (Fetch standard): the origins whose pages may call services from browsers.
 * Immutable.
 *
 * <p>Pages may read the status headers of gRPC-Web and the headers of {@code exposed}.
 */
public final class CorsPolicy {
  /** The default time for which a browser may cache a preflight response. */
  public static final Duration DEFAULT_MAX_AGE = Duration.ofMinutes(10);

  /** The policy that allows no cross-origin request. */
  public static final CorsPolicy NONE =
      new CorsPolicy(
          Set.of(), new PreflightAllowance(Set.of(), Set.of()), Set.of(), false, DEFAULT_MAX_AGE);

  private static final String ANY = "*";
  private static final String ORIGIN = "origin";
  private static final String VARY =
      "origin, access-control-request-method, access-control-request-headers";

  private final List<OriginPattern> origins;
  private final boolean any;
  private final PreflightAllowance preflightAllowance;
  private final String exposed;
  private final boolean credentials;
  private final Duration maxAge;

  /**
   * The methods and request headers that a policy allows.
   *
   * @param methods of HTTP; empty for any
   * @param headers of a request, in any case; empty for any
   */
  public record PreflightAllowance(Set<String> methods, Set<String> headers) {
    public PreflightAllowance {
      methods = Set.copyOf(methods);
      headers =
          headers.stream()
              .map(name -> name.toLowerCase(Locale.ROOT))
              .collect(Collectors.toUnmodifiableSet());
    }
  }

  /**
   * A policy for some origins.
   *
   * @param origins as browsers send them, such as {@code https://shop.example}; {@code
   *     https://*.shop.example} for all subdomains; {@code *} for any
   * @param exposed response headers that pages may read, besides those of gRPC-Web's status
   * @param credentials whether cookies may be sent; not with {@code *}
   * @param maxAge for which a browser may cache a preflight response
   * @throws IllegalArgumentException for an origin that no browser sends
   */
  public CorsPolicy(
      Set<String> origins,
      PreflightAllowance preflightAllowance,
      Set<String> exposed,
      boolean credentials,
      Duration maxAge) {
    this.origins =
        origins.stream().sorted().map(each -> OriginPattern.parse("origins", each)).toList();
    this.any = this.origins.stream().anyMatch(OriginPattern::isAny);
    this.preflightAllowance = preflightAllowance;
    this.exposed =
        Stream.concat(GrpcWebContentType.EXPOSED_HEADERS.stream(), exposed.stream().sorted())
            .distinct()
            .collect(Collectors.joining(", "));
    this.credentials = credentials;
    this.maxAge = maxAge;
    if (credentials && any) {
      throw new IllegalArgumentException("credentials: true (expected: false for origin *)");
    }
    if (maxAge.isNegative()) {
      throw new IllegalArgumentException("maxAge: " + maxAge + " (expected: >= 0s)");
    }
  }

  /** A policy that allows some origins, without credentials. */
  public static CorsPolicy of(String... origins) {
    return new CorsPolicy(
        Set.of(origins), NONE.preflightAllowance, Set.of(), false, DEFAULT_MAX_AGE);
  }

  /**
   * A validated origin in lower case.
   *
   * @param name of the setting in the exception's message
   * @throws IllegalArgumentException for an origin that no browser sends
   */
  public static String requireOrigin(String name, String text) {
    return OriginPattern.parse(name, text).text();
  }

  /** Whether the request is a CORS preflight. */
  public static boolean isPreflight(Http2Headers request) {
    return "OPTIONS".contentEquals(String.valueOf(request.method()))
        && request.contains(ORIGIN)
        && request.contains("access-control-request-method");
  }

  /**
   * Adds the response headers of a CORS preflight. Of the allow headers none is added when the
   * origin is not allowed.
   */
  public void answerPreflight(Http2Headers request, Http2Headers answer) {
    if (!origins.isEmpty()) {
      answer.set("vary", VARY);
    }
    CharSequence method = request.get("access-control-request-method");
    if (!allows(request.get(ORIGIN)) || method == null) {
      return;
    }
    CharSequence headers = request.get("access-control-request-headers");
    allowOrigin(request, answer);
    answer.set(
        "access-control-allow-methods",
        preflightAllowance.methods.isEmpty()
            ? method
            : preflightAllowance.methods.stream().sorted().collect(joined()));
    if (!preflightAllowance.headers.isEmpty()) {
      answer.set(
          "access-control-allow-headers",
          preflightAllowance.headers.stream().sorted().collect(joined()));
    } else if (headers != null) {
      answer.set("access-control-allow-headers", headers);
    }
    answer.set("access-control-max-age", Long.toString(maxAge.toSeconds()));
  }

  /**
   * Adds the CORS headers that let a page read the response to an actual request. None but {@code
   * vary} is added when the origin is not allowed.
   */
  public void addHeaders(Http2Headers request, Http2Headers answer) {
    CharSequence origin = request.get(ORIGIN);
    if (origin == null || origins.isEmpty()) {
      return;
    }
    answer.add("vary", ORIGIN);
    if (allows(origin)) {
      allowOrigin(request, answer);
      answer.set("access-control-expose-headers", exposed);
    }
  }

  /** Whether an origin is allowed; false for null. */
  public boolean allows(@Nullable CharSequence origin) {
    if (origin == null) {
      return false;
    }
    String text = origin.toString();
    return origins.stream().anyMatch(each -> each.fits(text));
  }

  /** Whether credentials such as cookies are allowed. */
  public boolean hasCredentials() {
    return credentials;
  }

  private void allowOrigin(Http2Headers request, Http2Headers answer) {
    CharSequence origin = request.get(ORIGIN);
    answer.set("access-control-allow-origin", any || origin == null ? ANY : origin);
    if (credentials) {
      answer.set("access-control-allow-credentials", "true");
    }
  }

  private static Collector<CharSequence, ?, String> joined() {
    return Collectors.joining(", ");
  }
}
