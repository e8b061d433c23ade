package dev.holdfast.cli.top;

import java.util.List;

/**
 * A question of {@code top} to every instance.
 *
 * @param sort a key of the view
 * @param filters conditions in the form of the admin service
 * @param limit rows to show
 */
record TopQuery(TopView view, String sort, boolean ascending, List<String> filters, int limit) {

  /** The question of a view in its natural order. */
  static TopQuery of(TopView view, List<String> filters, int limit) {
    return new TopQuery(view, view.naturalSort(), view.isNaturallyAscending(), filters, limit);
  }

  /** The same rows in another view's natural order; filters name fields of the view before. */
  TopQuery in(TopView other) {
    return other == view ? this : of(other, List.of(), limit);
  }

  /** The opposite order. */
  TopQuery reversed() {
    return new TopQuery(view, sort, !ascending, filters, limit);
  }

  /** Sorted by the column beside, so many to the right. */
  TopQuery sortMoved(int columns) {
    List<String> fields = view.columns().stream().map(TopView.TopColumn::field).toList();
    int at = Math.max(0, fields.indexOf(sort));
    String next = fields.get(Math.floorMod(at + columns, fields.size()));
    List<String> keys = view.sortKeys();
    // A column that says in words what another says in short is no key.
    return keys.contains(next)
        ? new TopQuery(view, next, ascending, filters, limit)
        : new TopQuery(view, next, ascending, filters, limit).sortMoved(columns);
  }
}
