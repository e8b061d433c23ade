package dev.holdfast.transcoding.http;

import java.util.Locale;
import java.util.regex.Pattern;

/** The media types that the transcoder distinguishes. */
final class MediaType {
  static final String JSON = "application/json";
  static final String NDJSON = "application/x-ndjson";
  static final String SSE = "text/event-stream";

  private static final Pattern NOT_TAKEN = Pattern.compile(";\\s*q=0([.]0*)?\\s*(;|$)");

  private MediaType() {}

  /** The type without its parameters, in lower case. */
  static String essence(String contentType) {
    int semicolon = contentType.indexOf(';');
    String type = semicolon < 0 ? contentType : contentType.substring(0, semicolon);
    return type.strip().toLowerCase(Locale.ROOT);
  }

  static boolean isJson(String contentType) {
    String type = essence(contentType);
    return type.equals(JSON) || (type.startsWith("application/") && type.endsWith("+json"));
  }

  static boolean isNdjson(String contentType) {
    return switch (essence(contentType)) {
      case NDJSON, "application/ndjson", "application/jsonl", "application/x-jsonlines" -> true;
      default -> false;
    };
  }

  /** Whether an accept header names a type by itself, with any weight but zero. */
  static boolean accepts(String accept, String type) {
    int start = 0;
    while (start <= accept.length()) {
      int comma = accept.indexOf(',', start);
      String part = accept.substring(start, comma < 0 ? accept.length() : comma);
      if (essence(part).equals(type)) {
        return !NOT_TAKEN.matcher(part).find();
      }
      start = comma < 0 ? accept.length() + 1 : comma + 1;
    }
    return false;
  }
}
