package dev.holdfast.core;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The name under which the instances of a service are found: {@code namespace/name[:port]}.
 *
 * <p>A namespace separates what must not meet, such as test and production. It is empty or some
 * segments joined by {@code /}; a segment, like the name, has 1 to 253 characters of {@code A-Z a-z
 * 0-9 . _ -} and is neither {@code .} nor {@code ..}. The port name (or number) chooses one of
 * several ports where a registry knows several; most know one and ignore it.
 *
 * @param namespace "" or segments joined by "/"
 * @param name the service
 * @param port the name or number of the port, or null for the only or first one
 */
public record ServiceName(String namespace, String name, @Nullable String port)
    implements Comparable<ServiceName> {
  private static final Pattern SEGMENT = Pattern.compile("[A-Za-z0-9._-]{1,253}");
  private static final String EXPECTED =
      " (expected: 1 to 253 characters of A-Z a-z 0-9 . _ - per segment)";
  private static final Comparator<ServiceName> ORDER =
      Comparator.comparing(ServiceName::namespace)
          .thenComparing(ServiceName::name)
          .thenComparing(s -> s.port == null ? "" : s.port);

  public ServiceName {
    if (!namespace.isEmpty()) {
      for (String segment : namespace.split("/", -1)) {
        requireSegment("namespace", segment, namespace);
      }
    }
    requireSegment("service", name, name);
    if (port != null) {
      requireSegment("port", port, port);
    }
  }

  /** A service without a named port. */
  public static ServiceName of(String namespace, String name) {
    return new ServiceName(namespace, name, null);
  }

  /**
   * Whether a text can be the name of a service. A registry shows no other names, whatever else
   * somebody keeps beside its records.
   */
  public static boolean isName(String text) {
    return SEGMENT.matcher(text).matches() && !text.equals(".") && !text.equals("..");
  }

  /**
   * Parses a service name of the form {@code [namespace/]name[:port]}.
   *
   * @throws IllegalArgumentException naming the part that is malformed
   */
  public static ServiceName parse(String text) {
    int slash = text.lastIndexOf('/');
    String namespace = slash < 0 ? "" : text.substring(0, slash);
    String last = text.substring(slash + 1);
    int colon = last.indexOf(':');
    if (colon < 0) {
      return new ServiceName(namespace, last, null);
    }
    return new ServiceName(namespace, last.substring(0, colon), last.substring(colon + 1));
  }

  /** The same service inside a namespace that stands before its own. */
  public ServiceName inside(String outer) {
    if (outer.isEmpty()) {
      return this;
    }
    return new ServiceName(namespace.isEmpty() ? outer : outer + "/" + namespace, name, port);
  }

  /** The port's name or number, if one was asked for. */
  public Optional<String> portName() {
    return Optional.ofNullable(port);
  }

  /** Namespace and name joined by a slash, without the port. */
  public String path() {
    return namespace.isEmpty() ? name : namespace + "/" + name;
  }

  @Override
  public int compareTo(ServiceName other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return port == null ? path() : path() + ":" + port;
  }

  private static void requireSegment(String part, String segment, String whole) {
    if (!isName(segment)) {
      throw new IllegalArgumentException(part + ": \"" + whole + "\"" + EXPECTED);
    }
  }
}
