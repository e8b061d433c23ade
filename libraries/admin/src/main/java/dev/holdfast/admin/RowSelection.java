package dev.holdfast.admin;

import dev.holdfast.core.annotation.Limit;
import java.util.List;

/**
 * A request for one page of a table, checked as far as it is independent of the table.
 *
 * @param pageSize 1 to {@value #MAX_PAGE_SIZE}
 * @param pageToken "" for the first page
 * @param sort the name of a column; "" for the table's own order
 * @param ascending the smallest first
 * @param filters conditions, all of which apply
 */
record RowSelection(
    int pageSize, String pageToken, String sort, boolean ascending, List<String> filters) {
  @Limit(of = "rows on a page of the admin service", then = "a request for more is refused")
  static final int MAX_PAGE_SIZE = 1_000;

  @Limit(of = "filters of a request to the admin service", then = "a request with more is refused")
  static final int MAX_FILTERS = 8;

  private static final int DEFAULT_PAGE_SIZE = 100;

  RowSelection {
    if (pageSize < 0 || pageSize > MAX_PAGE_SIZE) {
      throw new IllegalArgumentException(
          "page_size: "
              + pageSize
              + " (expected: 1 to "
              + MAX_PAGE_SIZE
              + ", or 0 for "
              + DEFAULT_PAGE_SIZE
              + ")");
    }
    if (filters.size() > MAX_FILTERS) {
      throw new IllegalArgumentException(
          "filters: " + filters.size() + " (expected: at most " + MAX_FILTERS + ")");
    }
    pageSize = pageSize == 0 ? DEFAULT_PAGE_SIZE : pageSize;
    filters = List.copyOf(filters);
  }
}
