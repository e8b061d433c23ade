package dev.holdfast.transcoding.http;

/**
 * A path that has been found, with what its variables hold. Immutable; keeps the path.
 *
 * @param <T> what a route leads to
 */
public final class RouteMatch<T> {
  private final T target;
  private final PathTemplate template;
  private final PathSegments path;

  RouteMatch(T target, PathTemplate template, PathSegments path) {
    this.target = target;
    this.template = template;
    this.path = path;
  }

  /** What the route leads to. */
  public T target() {
    return target;
  }

  /** The template that matched. */
  public PathTemplate template() {
    return template;
  }

  /**
   * The decoded text of a variable of {@link #template()}; empty when it is a {@code **} that met
   * nothing.
   *
   * @param keepReserved whether escapes of reserved characters stay in variables of several
   *     segments, and not just that of the slash
   */
  public String value(PathTemplate.Variable variable, boolean keepReserved) {
    int start = template.startIn(variable, path.count());
    int end = template.endIn(variable, path.count());
    if (start == end) {
      return "";
    }
    PercentDecoding decoding = PercentDecoding.ALL;
    if (variable.multiSegment()) {
      decoding = keepReserved ? PercentDecoding.ALL_BUT_RESERVED : PercentDecoding.ALL_BUT_SLASH;
    }
    return decoding.decode(
        path.text(), path.start(start), path.end(end - 1), "path variable " + variable.name());
  }
}
