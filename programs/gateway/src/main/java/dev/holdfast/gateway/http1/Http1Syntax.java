package dev.holdfast.gateway.http1;

import dev.holdfast.gateway.route.RequestSyntax;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpHeadersFactory;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks of HTTP/1.1 request syntax that the decoder leaves open (RFC 9110, 9112): method, version
 * and framing. A request that another server might frame differently is refused and the connection
 * closed, which prevents request smuggling.
 */
final class Http1Syntax {
  /**
   * Factory of request headers with which {@link #require} detects a content-length beside chunked
   * coding.
   */
  static final HttpHeadersFactory HEADERS =
      new HttpHeadersFactory() {
        @Override
        public HttpHeaders newHeaders() {
          return new Fields();
        }

        @Override
        public HttpHeaders newEmptyHeaders() {
          return new Fields();
        }
      };

  private Http1Syntax() {}

  /** Remembers that the decoder dropped a content-length for chunks. */
  private static final class Fields extends DefaultHttpHeaders {
    private boolean lengthDropped;

    @Override
    public HttpHeaders remove(CharSequence name) {
      lengthDropped |= HttpHeaderNames.CONTENT_LENGTH.contentEqualsIgnoreCase(name);
      return super.remove(name);
    }
  }

  /**
   * Checks a request whose first line and headers were decoded.
   *
   * @throws MalformedRequestException for one that must be refused
   */
  static void require(HttpRequest request) throws MalformedRequestException {
    if (!RequestSyntax.isToken(request.method().asciiName())) {
      throw MalformedRequestException.badRequest("method: not a token (expected: GET, POST ..)");
    }
    HttpVersion version = request.protocolVersion();
    if (!version.equals(HttpVersion.HTTP_1_1) && !version.equals(HttpVersion.HTTP_1_0)) {
      throw MalformedRequestException.wrongVersion(
          "version: " + version.text() + " (expected: HTTP/1.1)");
    }
    if (request.method().equals(HttpMethod.CONNECT)) {
      throw MalformedRequestException.notImplemented("method: CONNECT (expected: no tunnel)");
    }
    requireFraming(request, version);
  }

  private static void requireFraming(HttpRequest request, HttpVersion version)
      throws MalformedRequestException {
    List<String> codings = codings(request.headers());
    if (codings.isEmpty()) {
      return;
    }
    boolean lengthToo =
        request.headers().contains(HttpHeaderNames.CONTENT_LENGTH)
            || (request.headers() instanceof Fields fields && fields.lengthDropped);
    if (lengthToo || version.equals(HttpVersion.HTTP_1_0)) {
      throw MalformedRequestException.badRequest(
          "transfer-encoding: beside content-length, or in HTTP/1.0 (expected: neither)");
    }
    String last = codings.get(codings.size() - 1);
    boolean chunked = HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(last);
    long times = codings.stream().filter(HttpHeaderValues.CHUNKED::contentEqualsIgnoreCase).count();
    if (!chunked || times > 1) {
      throw MalformedRequestException.badRequest(
          "transfer-encoding: not chunked, or more than once (expected: chunked)");
    }
    if (codings.size() > 1) {
      throw MalformedRequestException.notImplemented(
          "transfer-encoding: an unsupported coding (expected: chunked)");
    }
  }

  private static List<String> codings(HttpHeaders headers) {
    List<String> codings = new ArrayList<>(1);
    for (String value : headers.getAll(HttpHeaderNames.TRANSFER_ENCODING)) {
      for (String each : value.split(",", -1)) {
        codings.add(each.strip());
      }
    }
    return codings;
  }
}
