package dev.holdfast.admin;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** A ring of the newest rows; the oldest makes room for a new one. Thread-safe. */
final class RecentRows<R> {
  private final int capacity;
  // Guarded by this.
  private final ArrayDeque<R> rows;
  private long added;

  RecentRows(int capacity) {
    this.capacity = capacity;
    this.rows = new ArrayDeque<>();
  }

  synchronized void add(R row) {
    if (rows.size() == capacity) {
      rows.removeFirst();
    }
    rows.addLast(row);
    added++;
  }

  /** The rows at this moment, the oldest first. */
  synchronized List<R> rows() {
    return new ArrayList<>(rows);
  }

  /** The number of rows ever added. */
  synchronized long added() {
    return added;
  }
}
