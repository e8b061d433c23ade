package dev.holdfast.gateway.route;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A head of a request for tests. */
record TestRequest(CharSequence authority, CharSequence path, Map<String, String> headers)
    implements RequestHead {
  static TestRequest of(String authority, String path) {
    return new TestRequest(authority, path, Map.of());
  }

  /** Headers as {@code a=1 b=2}. */
  static TestRequest of(String authority, String path, String headers) {
    Map<String, String> parsed = new java.util.HashMap<>();
    for (String header : headers.isEmpty() ? new String[0] : headers.split(" ")) {
      String[] parts = header.split("=", 2);
      parsed.put(parts[0], parts[1]);
    }
    return new TestRequest(authority, path, parsed);
  }

  @Override
  public @Nullable CharSequence header(CharSequence name) {
    return headers.get(name.toString());
  }
}
