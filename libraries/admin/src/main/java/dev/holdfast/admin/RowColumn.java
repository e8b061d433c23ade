package dev.holdfast.admin;

import java.util.Comparator;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;

/**
 * A column of a table, by which rows can be sorted and filtered: of numbers or of texts. Its name
 * is that of the field in the .proto file.
 *
 * @param <R> the rows of the table
 */
sealed interface RowColumn<R> {
  String name();

  /** The order of the rows by this column, the smallest first. */
  Comparator<R> order();

  /** The value of a row as it stands in a page token and in a filter. */
  String valueOf(R row);

  /** The order of rows towards a value of {@link #valueOf}, which is read once. */
  ToIntFunction<R> against(String value);

  /** The order of rows towards one of them, whose value is read once. */
  ToIntFunction<R> against(R row);

  /** A column of numbers. */
  record Numbers<R>(String name, ToLongFunction<R> value) implements RowColumn<R> {
    @Override
    public Comparator<R> order() {
      return Comparator.comparingLong(value);
    }

    @Override
    public String valueOf(R row) {
      return Long.toString(value.applyAsLong(row));
    }

    @Override
    public ToIntFunction<R> against(String other) {
      return against(Long.parseLong(other));
    }

    @Override
    public ToIntFunction<R> against(R row) {
      return against(value.applyAsLong(row));
    }

    private ToIntFunction<R> against(long fixed) {
      return other -> Long.compare(value.applyAsLong(other), fixed);
    }
  }

  /**
   * A column of texts.
   *
   * @param shortcut the order of the texts, where it can be told without making them
   */
  record Texts<R>(String name, Function<R, String> value, Optional<TextOrder<R>> shortcut)
      implements RowColumn<R> {
    /**
     * The order of texts that need not be made.
     *
     * @param rows the order of the rows
     * @param against the order of rows towards a text
     */
    record TextOrder<R>(Comparator<R> rows, Function<String, ToIntFunction<R>> against) {}

    Texts(String name, Function<R, String> value) {
      this(name, value, Optional.empty());
    }

    Texts(String name, Function<R, String> value, TextOrder<R> shortcut) {
      this(name, value, Optional.of(shortcut));
    }

    @Override
    public Comparator<R> order() {
      return shortcut.map(TextOrder::rows).orElseGet(() -> Comparator.comparing(value));
    }

    @Override
    public String valueOf(R row) {
      return value.apply(row);
    }

    @Override
    public ToIntFunction<R> against(String fixed) {
      return shortcut
          .map(order -> order.against().apply(fixed))
          .orElse(other -> value.apply(other).compareTo(fixed));
    }

    @Override
    public ToIntFunction<R> against(R row) {
      if (shortcut.isPresent()) {
        Comparator<R> order = shortcut.get().rows();
        return other -> order.compare(other, row);
      }
      return against(value.apply(row));
    }
  }
}
