package dev.holdfast.transcoding.internal.route;

/**
 * A matched route with the values of its path variables. Immutable; retains the path.
 *
 * @param <T> the type of targets
 */
public final class HttpRouteMatch<T> {
  private final T target;
  private final PathTemplate template;
  private final PathSegments path;

  HttpRouteMatch(T target, PathTemplate template, PathSegments path) {
    this.target = target;
    this.template = template;
    this.path = path;
  }

  /** The target of the route. */
  public T target() {
    return target;
  }

  /** The path template that matched. */
  public PathTemplate template() {
    return template;
  }

  /**
   * The decoded text of a variable of {@link #template()}; empty for a {@code **} that matched no
   * segment.
   *
   * @param keepReserved whether multi-segment variables keep escapes of all reserved characters,
   *     instead of only that of the slash
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
