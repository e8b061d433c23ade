package dev.holdfast.transcoding.http.connect;

import dev.holdfast.transcoding.internal.route.QueryDecoder;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Parser of the query parameters in a Connect GET. */
final class ConnectQuery {
  private static final Set<String> NAMES =
      Set.of("connect", "encoding", "message", "base64", "compression");

  private ConnectQuery() {}

  /** The decoded parameters of the Connect protocol; others are ignored. */
  static Map<String, String> parse(String query) {
    Map<String, String> parameters = new HashMap<>();
    int start = 0;
    while (start < query.length()) {
      int and = query.indexOf('&', start);
      int end = and < 0 ? query.length() : and;
      int equals = query.indexOf('=', start);
      if (equals >= 0 && equals < end) {
        String name = query.substring(start, equals);
        if (NAMES.contains(name)) {
          String value = QueryDecoder.decode(query, equals + 1, end, "query parameter " + name);
          if (parameters.putIfAbsent(name, value) != null) {
            throw RequestRefusedException.badRequest(
                "query parameter " + name + ": given twice (expected: once)");
          }
        }
      }
      start = end + 1;
    }
    return parameters;
  }
}
