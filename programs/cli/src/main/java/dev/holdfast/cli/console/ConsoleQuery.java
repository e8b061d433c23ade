package dev.holdfast.cli.console;

import dev.holdfast.cli.UserError;
import dev.holdfast.cli.fleet.FleetCursor;
import dev.holdfast.cli.fleet.FleetQuery;
import dev.holdfast.cli.fleet.FleetView;
import dev.holdfast.core.annotation.Limit;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The question of a browser.
 *
 * @param fleet the question to the fleet; empty for a view that has no rows of processes
 */
record ConsoleQuery(ConsoleView view, Optional<FleetQuery> fleet) {
  @Limit(of = "rows of one page of the console", then = "a larger page is refused")
  static final int MAX_ROWS = 500;

  private static final int DEFAULT_ROWS = 50;

  /**
   * Reads the parameters {@code view}, {@code sort}, {@code order}, {@code filter}, {@code limit}
   * and {@code page} of a request.
   *
   * @param cursors the cursor of a page's name; empty when it is no longer known
   * @throws IllegalArgumentException naming the parameter and what was expected
   */
  static ConsoleQuery of(
      QueryStringDecoder request, Function<String, Optional<FleetCursor>> cursors) {
    ConsoleView view = ConsoleView.named(parameter(request, "view"));
    if (view.fleet().isEmpty()) {
      return new ConsoleQuery(view, Optional.empty());
    }
    FleetView rows = view.fleet().get();
    String sort;
    try {
      sort = rows.requireSortKey(parameter(request, "sort"));
    } catch (UserError e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
    boolean ascending =
        switch (parameter(request, "order")) {
          case "" -> rows.isNaturallyAscending();
          case "asc" -> true;
          case "desc" -> false;
          default ->
              throw new IllegalArgumentException(
                  "order: \"" + parameter(request, "order") + "\" (expected: asc or desc)");
        };
    List<String> filters =
        request.parameters().getOrDefault("filter", List.of()).stream()
            .filter(filter -> !filter.isBlank())
            .toList();
    String page = parameter(request, "page");
    FleetCursor from =
        page.isEmpty()
            ? FleetCursor.START
            : cursors
                .apply(page)
                .orElseThrow(
                    () ->
                        new IllegalArgumentException(
                            "page: \"" + page + "\" is not known any more (expected: the first)"));
    return new ConsoleQuery(
        view,
        Optional.of(new FleetQuery(rows, sort, ascending, filters, limit(request)).from(from)));
  }

  private static int limit(QueryStringDecoder request) {
    String text = parameter(request, "limit");
    if (text.isEmpty()) {
      return DEFAULT_ROWS;
    }
    try {
      int limit = Integer.parseInt(text);
      if (limit >= 1 && limit <= MAX_ROWS) {
        return limit;
      }
    } catch (NumberFormatException e) {
      throw wrongLimit(text);
    }
    throw wrongLimit(text);
  }

  private static IllegalArgumentException wrongLimit(String text) {
    return new IllegalArgumentException(
        "limit: \"" + text + "\" (expected: 1 to " + MAX_ROWS + ")");
  }

  static String parameter(QueryStringDecoder request, String name) {
    List<String> values = request.parameters().getOrDefault(name, List.of());
    return values.isEmpty() ? "" : values.get(0);
  }
}
