package dev.holdfast.admin;

import java.util.Comparator;
import java.util.function.Function;
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

  /** The order of a row towards a value of {@link #valueOf}. */
  int compare(R row, String value);

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
    public int compare(R row, String other) {
      return Long.compare(value.applyAsLong(row), Long.parseLong(other));
    }
  }

  /**
   * A column of texts.
   *
   * @param order that of the texts, where it can be told without making them
   */
  record Texts<R>(String name, Function<R, String> value, Comparator<R> order)
      implements RowColumn<R> {
    Texts(String name, Function<R, String> value) {
      this(name, value, Comparator.comparing(value));
    }

    @Override
    public String valueOf(R row) {
      return value.apply(row);
    }

    @Override
    public int compare(R row, String other) {
      return value.apply(row).compareTo(other);
    }
  }
}
