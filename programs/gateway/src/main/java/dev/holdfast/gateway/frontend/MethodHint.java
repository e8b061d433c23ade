package dev.holdfast.gateway.frontend;

import com.google.protobuf.Descriptors.MethodDescriptor;
import dev.holdfast.core.NearestName;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.transcoding.http.HttpTranscoder;
import java.util.List;

/**
 * Suggestion of the method that an unknown path probably means. Only for schemas that servers show
 * to everybody, and only within a service that the path names correctly, so that services can't be
 * guessed. Clients choose the path, so the work is bounded.
 */
final class MethodHint {
  @Limit(
      of = "characters of a method's name to which the nearest one is looked for",
      then = "none is")
  private static final int MOST_CHARS = 64;

  @Limit(
      of = "methods of a service that are compared with one that it has not",
      then = "the others are not found")
  private static final int MOST_METHODS = 100;

  private static final int TYPING_ERRORS = 2;

  private MethodHint() {}

  /** {@code ; did you mean /pkg.Service/Method?}, or "" when none is near. */
  static String of(CharSequence path, HttpTranscoder transcoder) {
    String text = path.toString();
    int query = text.indexOf('?');
    String whole = query < 0 ? text : text.substring(0, query);
    int slash = whole.indexOf('/', 1);
    boolean usual = slash > 1 && whole.length() - slash - 1 <= MOST_CHARS;
    if (!usual || !transcoder.codec().options().nearestNames()) {
      return "";
    }
    String service = whole.substring(1, slash);
    List<String> methods =
        transcoder.catalog().service(service).stream()
            .flatMap(known -> known.getMethods().stream())
            .limit(MOST_METHODS)
            .map(MethodDescriptor::getName)
            .toList();
    String nearest = NearestName.of(whole.substring(slash + 1), methods, TYPING_ERRORS);
    return nearest.isEmpty() ? "" : "; did you mean /" + service + "/" + nearest + "?";
  }
}
