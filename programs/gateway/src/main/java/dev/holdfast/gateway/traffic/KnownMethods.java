package dev.holdfast.gateway.traffic;

import dev.holdfast.core.annotation.Limit;
import io.netty.util.AsciiString;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The methods that are counted by name: those that an upstream has answered at least once. Other
 * paths may be invented by clients, and count as "other". Thread-safe.
 */
final class KnownMethods {
  static final String OTHER = "other";

  @Limit(
      of = "methods that are counted by name",
      then = "the calls of further ones are counted as the method other")
  static final int MAX_METHODS = 1_000;

  @Limit(
      of = "letters of the name of a method that is counted by name",
      then = "its calls are counted as the method other")
  static final int MAX_NAME_LENGTH = 200;

  private final Map<AsciiString, String> names = new ConcurrentHashMap<>();

  /**
   * Registers a method that an upstream answered.
   *
   * @return its name; null if it is not counted by name
   */
  @Nullable String learn(AsciiString path) {
    String known = names.get(path);
    if (known != null) {
      return known;
    }
    if (names.size() >= MAX_METHODS || !isMethod(path)) {
      return null;
    }
    String name = path.toString(1, path.length());
    names.putIfAbsent(new AsciiString(path), name);
    return name;
  }

  /**
   * Whether a path has the form of a gRPC method: two names of letters, digits, dots and
   * underscores.
   */
  private static boolean isMethod(AsciiString path) {
    if (path.length() > MAX_NAME_LENGTH || path.isEmpty() || path.byteAt(0) != '/') {
      return false;
    }
    int slashes = 0;
    for (int i = 1; i < path.length(); i++) {
      byte each = path.byteAt(i);
      if (each == '/') {
        slashes++;
      } else if (!Character.isLetterOrDigit(each) && each != '.' && each != '_') {
        return false;
      }
    }
    return slashes == 1;
  }
}
