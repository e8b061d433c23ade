package dev.holdfast.cli.fleet;

import java.util.List;

/**
 * A question to every process of a fleet.
 *
 * @param sort a key of the view
 * @param filters conditions in the form of the admin service; for services, texts that a row
 *     contains
 * @param limit rows to show, at most 1,000
 * @param from where the page begins
 */
public record FleetQuery(
    FleetView view,
    String sort,
    boolean ascending,
    List<String> filters,
    int limit,
    FleetCursor from) {

  public FleetQuery {
    filters = List.copyOf(filters);
  }

  /** A question for the first page. */
  public FleetQuery(
      FleetView view, String sort, boolean ascending, List<String> filters, int limit) {
    this(view, sort, ascending, filters, limit, FleetCursor.START);
  }

  /** The question of a view in its natural order. */
  public static FleetQuery of(FleetView view, List<String> filters, int limit) {
    return new FleetQuery(view, view.naturalSort(), view.isNaturallyAscending(), filters, limit);
  }

  /** The same rows in another view's natural order; filters name fields of the view before. */
  public FleetQuery in(FleetView other) {
    return other == view ? this : of(other, List.of(), limit);
  }

  /** The opposite order. */
  public FleetQuery reversed() {
    return new FleetQuery(view, sort, !ascending, filters, limit);
  }

  /** The page that begins there. */
  public FleetQuery from(FleetCursor cursor) {
    return new FleetQuery(view, sort, ascending, filters, limit, cursor);
  }

  /** Sorted by the column beside, so many to the right. */
  public FleetQuery sortMoved(int columns) {
    List<String> fields = view.columns().stream().map(FleetView.ViewColumn::field).toList();
    int at = Math.max(0, fields.indexOf(sort));
    String next = fields.get(Math.floorMod(at + columns, fields.size()));
    List<String> keys = view.sortKeys();
    // A column that says in words what another says in short is no key.
    return keys.contains(next)
        ? new FleetQuery(view, next, ascending, filters, limit)
        : new FleetQuery(view, next, ascending, filters, limit).sortMoved(columns);
  }
}
