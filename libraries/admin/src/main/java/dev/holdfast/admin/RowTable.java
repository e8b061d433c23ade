package dev.holdfast.admin;

import dev.holdfast.core.NearestName;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A table of rows that can be sorted by any column, filtered and paged.
 *
 * <p>A page costs one pass over the rows and memory for the rows of the page, whatever the number
 * of rows. It goes on behind the last row of the page before, so that rows that come and go shift
 * no others.
 *
 * @param columns every column
 * @param identity a column that tells every row from every other, and orders rows of equal value
 * @param natural the column of the order without a sort
 */
record RowTable<R>(List<RowColumn<R>> columns, RowColumn.Texts<R> identity, RowColumn<R> natural) {
  private static final int TYPING_ERRORS = 3;

  /**
   * A page of rows.
   *
   * @param total rows before the filters
   * @param matched rows after the filters
   * @param next the token of the next page; "" at the end
   */
  record RowPage<R>(List<R> rows, long total, long matched, String next) {}

  RowTable {
    columns = List.copyOf(columns);
  }

  /**
   * Selects a page.
   *
   * @throws IllegalArgumentException naming the unknown column, the malformed filter or the token
   *     of another selection
   */
  RowPage<R> select(RowSelection wanted, Iterable<R> rows) {
    RowSelector selector = selector(wanted);
    rows.forEach(selector::add);
    return selector.page();
  }

  /**
   * A selection of rows that are given one by one, and of which only those of the page are kept.
   *
   * @throws IllegalArgumentException as {@link #select}
   */
  RowSelector selector(RowSelection wanted) {
    return new RowSelector(wanted);
  }

  /** The page of one selection while its rows are added. Not thread-safe. */
  final class RowSelector {
    private final RowSelection wanted;
    private final RowColumn<R> sort;
    private final Predicate<R> filter;
    private final Predicate<R> follows;
    private final Comparator<R> whole;
    private final PriorityQueue<R> page;
    private long total;
    private long matched;
    private boolean more;
    // Towards the last row of a page that is full: most rows come behind it.
    private @Nullable ToIntFunction<R> againstLast;

    private RowSelector(RowSelection wanted) {
      this.wanted = wanted;
      this.sort = wanted.sort().isEmpty() ? natural : column("sort", wanted.sort());
      Predicate<R> all = row -> true;
      for (String text : wanted.filters()) {
        all = all.and(RowFilter.parse(text, name -> column("filter", name)));
      }
      this.filter = all;
      this.follows =
          wanted.pageToken().isEmpty()
              ? row -> true
              : behind(PageToken.parse(wanted.pageToken(), sort, wanted.ascending()), sort, wanted);
      Comparator<R> order = wanted.ascending() ? sort.order() : sort.order().reversed();
      this.whole = order.thenComparing(identity.order());
      this.page = new PriorityQueue<>(wanted.pageSize(), whole.reversed());
    }

    void add(R row) {
      total++;
      if (!filter.test(row)) {
        return;
      }
      matched++;
      if (follows.test(row)) {
        offer(row);
      }
    }

    /** Adds the rows of another selector of the same selection, which is not used any more. */
    void addAll(RowSelector other) {
      total += other.total;
      matched += other.matched;
      more |= other.more;
      other.page.forEach(this::offer);
    }

    private void offer(R row) {
      if (page.size() < wanted.pageSize()) {
        page.add(row);
        return;
      }
      more = true;
      if (precedesLast(row)) {
        page.remove();
        page.add(row);
        againstLast = null;
      }
    }

    private boolean precedesLast(R row) {
      ToIntFunction<R> towards = againstLast;
      if (towards == null) {
        towards = sort.against(page.element());
        againstLast = towards;
      }
      int byValue = towards.applyAsInt(row);
      if (byValue == 0) {
        return identity.order().compare(row, page.element()) < 0;
      }
      return (byValue < 0) == wanted.ascending();
    }

    RowPage<R> page() {
      List<R> ordered = new ArrayList<>(page);
      ordered.sort(whole);
      String next = "";
      if (more) {
        R last = ordered.get(ordered.size() - 1);
        next =
            new PageToken(sort.valueOf(last), identity.valueOf(last))
                .toText(sort, wanted.ascending());
      }
      return new RowPage<>(ordered, total, matched, next);
    }
  }

  private Predicate<R> behind(PageToken token, RowColumn<R> sort, RowSelection wanted) {
    ToIntFunction<R> value = sort.against(token.value());
    ToIntFunction<R> id = identity.against(token.id());
    return row -> {
      int byValue = value.applyAsInt(row);
      return byValue == 0 ? id.applyAsInt(row) > 0 : (byValue > 0) == wanted.ascending();
    };
  }

  private RowColumn<R> column(String use, String name) {
    for (RowColumn<R> column : columns) {
      if (column.name().equals(name)) {
        return column;
      }
    }
    List<String> names = columns.stream().map(RowColumn::name).toList();
    String nearest = NearestName.of(ShownText.of(name), names, TYPING_ERRORS);
    String hint = nearest.isEmpty() ? "one of " + String.join(", ", names) : nearest + "?";
    throw new IllegalArgumentException(
        use + ": \"" + ShownText.of(name) + "\" (expected: " + hint + ")");
  }
}
